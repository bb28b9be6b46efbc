import { createHash } from 'node:crypto';
import type { AggregateRef, ClockTree, FoldState, JsonObject } from '@app/kernel';
import type { Pool, PoolClient } from 'pg';
import { FOLD_GENERATION } from '../writer/advance.js';
import { type Queryable, run } from './database.js';
import { inTransaction } from './transaction.js';

/** A fold that was kept: where a replay may begin. `data` and `clocks` are canonical JSON. */
export interface StoredSnapshot {
  readonly ref: AggregateRef;
  readonly version: number;
  readonly generation: number;
  readonly deleted: boolean;
  readonly data: string;
  readonly clocks: string;
  readonly position: number;
  readonly lastModified: Date;
  /**
   * Of the states of the type (`Changes.revision`) when what it was folded on was read; it is not kept if that is void by now. Absent: it
   * was folded from the first event on.
   */
  readonly revision?: number;
}

/** The same, read. */
export interface SnapshotStart {
  readonly revision: number;
  readonly version: number;
  readonly state: FoldState;
  readonly position: number;
  readonly lastModified: Date;
}

interface Found {
  version: string;
  generation: number;
  deleted: boolean;
  data: string;
  clocks: string;
  checksum: Buffer;
  position: string;
  last_modified: Date;
  revision: number;
  /** Newer ones, of an older fold. */
  passed: number;
}

type Row = Found | { version: null; revision: number; passed: number };

const FIND = {
  name: 'snapshot-find',
  // One of an older fold is passed over here: after a change of it there may be a thousand.
  text: `
    SELECT found.*, coalesce((SELECT revision FROM global_state.state_builds WHERE aggregate_type = $1), 0) AS revision, (
      SELECT count(*)::integer FROM global_state.aggregate_snapshots
      WHERE aggregate_type = $1 AND aggregate_id = $2 AND version <= $3 AND version > coalesce(found.version, 0)
    ) AS passed
    FROM (SELECT) AS one LEFT JOIN LATERAL (
      SELECT version, generation, deleted, data::text, clocks::text, checksum, position, last_modified
      FROM global_state.aggregate_snapshots WHERE aggregate_type = $1 AND aggregate_id = $2 AND version <= $3 AND fold_generation = $4
      ORDER BY version DESC LIMIT 1
    ) AS found ON true`,
};

/**
 * The newest snapshot at a version or below that can be trusted. One of an older fold, or whose bytes are not those that were
 * written, is passed over.
 * @param ignored is told how many were passed over
 */
export async function findSnapshot(
  db: Queryable, { type, id }: AggregateRef, version: number, ignored: (count: number) => void,
): Promise<SnapshotStart | undefined> {
  for (let below = version; below > 0;) {
    const [row] = await run<Row>(db, FIND, [type, id, below, FOLD_GENERATION]);
    ignored(row!.passed);
    if (!isFound(row!)) return undefined;
    if (row.checksum.equals(checksumOf(row))) {
      return {
        revision: row.revision, version: Number(row.version), position: Number(row.position), lastModified: row.last_modified,
        state: {
          data: JSON.parse(row.data) as JsonObject, clocks: JSON.parse(row.clocks) as ClockTree, generation: row.generation,
          deleted: row.deleted,
        },
      };
    }
    ignored(1);
    below = Number(row.version) - 1;
  }
  return undefined;
}

function isFound(row: Row): row is Found {
  return row.version !== null;
}

const SAVE = {
  name: 'snapshots-save',
  // An older or damaged one of the same version gives way.
  text: `
    INSERT INTO global_state.aggregate_snapshots AS kept
    SELECT type, id, version, generation, deleted, data, clocks, checksum, fold, position, modified
    FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::integer[], $5::boolean[], $6::json[], $7::json[], $8::bytea[],
      $9::integer[], $10::bigint[], $11::timestamptz[], $12::integer[])
      AS new(type, id, version, generation, deleted, data, clocks, checksum, fold, position, modified, revision)
    WHERE revision IS NULL OR revision = coalesce((SELECT live.revision FROM global_state.state_builds AS live WHERE live.aggregate_type = type), 0)
    ON CONFLICT ON CONSTRAINT aggregate_snapshots_pkey DO UPDATE SET generation = excluded.generation, deleted = excluded.deleted,
      data = excluded.data, clocks = excluded.clocks, checksum = excluded.checksum, fold_generation = excluded.fold_generation,
      position = excluded.position, last_modified = excluded.last_modified`,
};

/** Shared by who keeps snapshots, held alone by who replaces states. */
const KEEPING = 7_402_118_810;
const LOCK_SHARED = { name: 'snapshots-keep', text: 'SELECT pg_advisory_xact_lock_shared($1)' };
const LOCK = { name: 'snapshots-hold', text: 'SELECT pg_advisory_xact_lock($1)' };

/** Keeps snapshots, each aggregate and version once. */
export async function saveSnapshots(pool: Pool, snapshots: readonly StoredSnapshot[]): Promise<void> {
  const column = <T>(of: (snapshot: StoredSnapshot) => T): T[] => snapshots.map(of);
  await inTransaction(pool, async (client) => {
    // In a statement of its own: one that waited for it must see the revision of after the wait.
    await run(client, LOCK_SHARED, [KEEPING]);
    await run(client, SAVE, [
      column(({ ref }) => ref.type), column(({ ref }) => ref.id), column(({ version }) => version), column(({ generation }) => generation),
      column(({ deleted }) => deleted), column(({ data }) => data), column(({ clocks }) => clocks), column(checksumOf),
      column(() => FOLD_GENERATION), column(({ position }) => position), column(({ lastModified }) => lastModified),
      column(({ revision }) => revision ?? null),
    ]);
  });
}

/** Holds back whoever keeps snapshots until this transaction ends. Before the heads are locked: those who keep some may take a while. */
export async function holdSnapshots(client: PoolClient): Promise<void> {
  await run(client, LOCK, [KEEPING]);
}

const DROP = {
  name: 'snapshots-drop',
  text: `
    DELETE FROM global_state.aggregate_snapshots AS kept USING unnest($1::text[], $2::uuid[]) AS wanted(type, id)
    WHERE kept.aggregate_type = wanted.type AND kept.aggregate_id = wanted.id`,
};

/** Forgets the snapshots of aggregates whose states were not what their events fold to. */
export async function dropSnapshots(db: Queryable, refs: readonly AggregateRef[]): Promise<void> {
  if (refs.length > 0) await run(db, DROP, [refs.map(({ type }) => type), refs.map(({ id }) => id)]);
}

const DROP_DIFFERING = {
  name: 'snapshots-drop-differing',
  text: `
    DELETE FROM global_state.aggregate_snapshots AS kept USING global_state.aggregate_state_builds AS built
    WHERE built.build = $1 AND built.differs AND kept.aggregate_id = built.aggregate_id AND kept.aggregate_type = built.aggregate_type`,
};

/** Forgets the snapshots of the aggregates whose states in a build are not the live ones. */
export async function dropDifferingSnapshots(db: Queryable, build: number): Promise<void> {
  await run(db, DROP_DIFFERING, [build]);
}

/** SHA-256 over all that a snapshot says of the state. */
export function checksumOf({ data, clocks, generation, deleted }: Pick<StoredSnapshot, 'data' | 'clocks' | 'generation' | 'deleted'>): Buffer {
  return createHash('sha256').update(JSON.stringify([data, clocks, generation, deleted])).digest();
}
