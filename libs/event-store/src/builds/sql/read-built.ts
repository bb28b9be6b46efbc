import type { AggregateRef, ClockTree, FoldState, JsonObject } from '@app/kernel';
import { type Queryable, run } from '../../sql/database.js';

const READ = {
  name: 'read-built-rows',
  text: `
    SELECT wanted.place, s.version, s.generation, s.deleted, s.data, s.clocks
    FROM unnest($2::text[], $3::uuid[]) WITH ORDINALITY AS wanted(type, id, place)
    CROSS JOIN LATERAL (
      SELECT * FROM global_state.aggregate_state_builds WHERE aggregate_type = wanted.type AND aggregate_id = wanted.id AND build = $1
      LIMIT 1 -- keeps the lookup by index for each row, whatever the planner believes of the table's size
    ) AS s`,
};

interface Row extends Omit<FoldState, 'data' | 'clocks'> {
  readonly place: string;
  readonly version: string;
  readonly data: JsonObject;
  readonly clocks: ClockTree;
}

/** A state of a build; version 0: there is none. */
export interface Built {
  readonly ref: AggregateRef;
  readonly version: number;
  readonly state?: FoldState;
}

/** The states of aggregates in a build, in their order. */
export async function readBuilt(db: Queryable, build: number, refs: readonly AggregateRef[]): Promise<Built[]> {
  const found: Built[] = refs.map((ref) => ({ ref, version: 0 }));
  for (const { place, version, ...state } of await run<Row>(db, READ, [build, refs.map(({ type }) => type), refs.map(({ id }) => id)])) {
    found[Number(place) - 1] = { ref: refs[Number(place) - 1]!, version: Number(version), state };
  }
  return found;
}

const UNBUILT = {
  name: 'unbuilt-states',
  text: `
    WITH page AS MATERIALIZED (
      SELECT aggregate_type, aggregate_id, version, checksum, hash, position FROM global_state.aggregate_states
      WHERE (aggregate_id, aggregate_type) > ($2::uuid, $3) AND ($4::text[] IS NULL OR aggregate_type = ANY ($4))
      ORDER BY aggregate_id, aggregate_type LIMIT 5000
    )
    SELECT aggregate_type AS type, aggregate_id AS id, version::float8, encode(checksum, 'hex') AS checksum, encode(hash, 'hex') AS hash,
      position <= $5 AND NOT EXISTS (
        SELECT FROM global_state.aggregate_state_builds AS built
        WHERE built.aggregate_id = page.aggregate_id AND built.aggregate_type = page.aggregate_type AND built.build = $1
      ) AS missing
    FROM page ORDER BY aggregate_id, aggregate_type`,
};

/** A live state without one in the build: it has no events. */
export interface Unbuilt extends AggregateRef {
  readonly version: number;
  readonly checksum: string;
  readonly hash: string;
}

/** Live states after an aggregate that were there at a position and are not in a build; and the last one that was looked at, if any. */
export async function unbuiltAfter(
  db: Queryable, build: number, { after, types, position }: { after: AggregateRef; types?: readonly string[]; position: number },
): Promise<{ missing: Unbuilt[]; last: AggregateRef | undefined }> {
  const rows = await run<Unbuilt & { missing: boolean }>(db, UNBUILT, [build, after.id, after.type, types ?? null, position]);
  return { missing: rows.filter(({ missing }) => missing), last: rows.at(-1) };
}
