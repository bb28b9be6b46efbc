import type { AggregateRef } from '@app/kernel';
import { ArrayParameter, type ArrayType } from '../../sql/array-parameter.js';
import { type Queryable, run } from '../../sql/database.js';
import type { Folded } from '../state-fold.js';

/** What is held against each other. The fold's generation is not: bytes of two folds may well be the same. */
const COMPARED = ['version', 'generation', 'deleted', 'data', 'checksum', 'clocks', 'hash', 'hlc', 'position', 'last_modified', 'partition'];
const AS_TEXT = new Set(['data', 'clocks']);

const text = (alias: string, column: string): string => `${alias}.${column}${AS_TEXT.has(column) ? '::text' : ''}`;
const FIELDS = `array_remove(ARRAY[${COMPARED.map((column) =>
  `CASE WHEN ${text('given', column)} IS DISTINCT FROM ${text('live', column)} THEN '${column}' END`).join(', ')}], NULL)`;

const LIVE = (alias: string): string => `coalesce((SELECT build FROM global_state.state_builds WHERE aggregate_type = ${alias}.type), 0)`;

const TYPES = ['text', 'uuid', 'smallint', 'integer', 'bigint', 'boolean', 'json', 'bytea', 'json', 'bytea', 'bigint', 'bigint', 'timestamptz'];

/** The folds that `encode` makes parameters of, from one of that number on. */
const GIVEN = (first: number): string => `
      SELECT * FROM unnest(${TYPES.map((type, i) => `$${first + i}::${type}[]`).join(', ')})
        AS g(type, id, partition, generation, version, deleted, data, checksum, clocks, hash, hlc, position, last_modified)`;

// A live row that is newer is of an event to come: the aggregate is held against it when that one has been taken in.
const AGAINST_LIVE = `CASE WHEN live.version > given.version THEN '{}' ELSE ${FIELDS} END AS fields,
        live.version AS live_version, encode(live.checksum, 'hex') AS live_checksum, encode(live.hash, 'hex') AS live_hash`;
const LIVE_OF_GIVEN = `LEFT JOIN LATERAL (
        SELECT * FROM global_state.aggregate_state_builds
        WHERE aggregate_id = given.id AND aggregate_type = given.type AND build = ${LIVE('given')} LIMIT 1
      ) AS live ON true`;

const SAVE = {
  name: 'save-built-rows',
  text: `
    WITH given AS (${GIVEN(3)}
    ), held AS (
      SELECT given.*, live.memory, old.differs AS differed, ${AGAINST_LIVE}
      FROM given
      ${LIVE_OF_GIVEN}
      LEFT JOIN LATERAL (
        SELECT differs FROM global_state.aggregate_state_builds
        WHERE aggregate_id = given.id AND aggregate_type = given.type AND build = $1 LIMIT 1
      ) AS old ON true
    ), saved AS (
      INSERT INTO global_state.aggregate_state_builds (aggregate_type, aggregate_id, build, partition, generation, version, deleted, data,
        checksum, clocks, hash, hlc, fold_generation, position, last_modified, memory, differs)
      SELECT type, id, $1, partition, generation, version, deleted, data, checksum, clocks, hash, hlc, $2, position, last_modified, memory,
        fields <> '{}' FROM held
      ON CONFLICT (aggregate_id, aggregate_type, build) DO UPDATE SET generation = excluded.generation, version = excluded.version,
        deleted = excluded.deleted, data = excluded.data, checksum = excluded.checksum, clocks = excluded.clocks, hash = excluded.hash,
        hlc = excluded.hlc, fold_generation = excluded.fold_generation, position = excluded.position,
        last_modified = excluded.last_modified, memory = excluded.memory, differs = excluded.differs
    )
    SELECT type, id, fields, coalesce(differed, false) AS differed, version, encode(checksum, 'hex') AS checksum, encode(hash, 'hex') AS hash,
      live_version, live_checksum, live_hash
    FROM held WHERE fields <> '{}' OR differed`,
};

interface HeldRow {
  readonly type: string;
  readonly id: string;
  readonly fields: readonly string[];
  readonly differed: boolean;
  readonly version: string;
  readonly checksum: string;
  readonly hash: string;
  readonly live_version: string | null;
  readonly live_checksum: string | null;
  readonly live_hash: string | null;
}

/** What tells one state from another. */
export interface StateMark {
  readonly version: number;
  readonly checksum: string;
  readonly hash: string;
}

/** How a state of a build stands to the live one. */
export interface Held {
  readonly ref: AggregateRef;
  /** Columns that differ; none: it is the same now. */
  readonly fields: readonly string[];
  /** Whether it was found to differ before. */
  readonly differed: boolean;
  readonly built: StateMark;
  /** Absent if there is no live state. */
  readonly live?: StateMark;
}

/**
 * Writes states into a build, with the memory of the live ones, and holds them against those.
 * @returns those that differ, and those that differed before
 */
export async function saveBuiltRows(
  db: Queryable, { build, generation }: { build: number; generation: number }, folded: readonly Folded[],
): Promise<Held[]> {
  if (folded.length === 0) return [];
  return (await run<HeldRow>(db, SAVE, [build, generation, ...encode(folded)])).map(toHeld);
}

const COMPARE = {
  name: 'compare-with-live-rows',
  text: `
    WITH given AS (${GIVEN(1)}
    ), held AS (
      SELECT given.*, ${AGAINST_LIVE}
      FROM given
      ${LIVE_OF_GIVEN}
    )
    SELECT type, id, fields, false AS differed, version, encode(checksum, 'hex') AS checksum, encode(hash, 'hex') AS hash, live_version,
      live_checksum, live_hash
    FROM held WHERE fields <> '{}'`,
};

/** Holds states against the live ones. @returns those that differ */
export async function compareWithLive(db: Queryable, folded: readonly Folded[]): Promise<Held[]> {
  return folded.length === 0 ? [] : (await run<HeldRow>(db, COMPARE, encode(folded))).map(toHeld);
}

function toHeld({ type, id, fields, differed, version, checksum, hash, live_version, live_checksum, live_hash }: HeldRow): Held {
  return {
    ref: { type, id }, fields, differed, built: { version: Number(version), checksum, hash },
    ...(live_version !== null && { live: { version: Number(live_version), checksum: live_checksum!, hash: live_hash! } }),
  };
}

function encode(folded: readonly Folded[]): unknown[] {
  const column = (type: ArrayType, add: (to: ArrayParameter, of: Folded) => void): Buffer | null => {
    const array = new ArrayParameter(type, folded.length);
    for (const each of folded) add(array, each);
    return array.value();
  };
  return [
    column('text', (to, { ref }) => to.addText(ref.type)), column('uuid', (to, { ref }) => to.addUuid(ref.id)),
    column('int2', (to, { last }) => to.addInteger(last.partition)), column('int4', (to, { state }) => to.addInteger(state.generation)),
    column('int8', (to, { version }) => to.addInteger(version)), column('bool', (to, { state }) => to.addBoolean(state.deleted)),
    column('json', (to, { frozen }) => to.addText(frozen.data)), column('bytea', (to, { frozen }) => to.addHex(frozen.checksum)),
    column('json', (to, { frozen }) => to.addText(frozen.clocks)), column('bytea', (to, { hash }) => to.addHex(hash)),
    column('int8', (to, { hlc }) => to.addBigInt(hlc)), column('int8', (to, { last }) => to.addInteger(last.position)),
    folded.map(({ last }) => last.committedAt),
  ];
}

const COLUMNS = `aggregate_type, aggregate_id, partition, generation, version, deleted, data, checksum, clocks, hash, hlc, fold_generation,
  position, last_modified, memory`;

const COPY = {
  name: 'copy-live-rows',
  text: `
    INSERT INTO global_state.aggregate_state_builds AS row (${COLUMNS}, build, differs)
    SELECT live.*, $1, false FROM unnest($2::text[], $3::uuid[]) AS wanted(type, id)
    CROSS JOIN LATERAL (
      SELECT ${COLUMNS} FROM global_state.aggregate_state_builds
      WHERE aggregate_id = wanted.id AND aggregate_type = wanted.type AND build = ${LIVE('wanted')} LIMIT 1
    ) AS live
    ON CONFLICT (aggregate_id, aggregate_type, build) DO UPDATE SET (${COLUMNS}, differs) = (SELECT excluded.aggregate_type, excluded.aggregate_id,
      excluded.partition, excluded.generation, excluded.version, excluded.deleted, excluded.data, excluded.checksum, excluded.clocks,
      excluded.hash, excluded.hlc, excluded.fold_generation, excluded.position, excluded.last_modified, excluded.memory, false)`,
};

/** Takes live states into a build as they are. */
export async function copyLiveRows(db: Queryable, build: number, refs: readonly AggregateRef[]): Promise<void> {
  if (refs.length > 0) await run(db, COPY, [build, refs.map((ref) => ref.type), refs.map((ref) => ref.id)]);
}
