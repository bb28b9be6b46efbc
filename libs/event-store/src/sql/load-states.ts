import type { AggregateRef, AggregateSnapshot, ClockTree, JsonObject } from '@app/kernel';
import { type Queryable, run } from './database.js';

interface StateRow {
  aggregate_type: string;
  aggregate_id: string;
  version: string;
  generation: number;
  deleted: boolean;
  data: JsonObject;
  clocks: ClockTree;
  hash: string;
  hlc: string;
}

const LOAD = {
  name: 'load-states',
  text: `
    SELECT s.aggregate_type, s.aggregate_id, s.version, s.generation, s.deleted, s.data, s.clocks,
      encode(s.hash, 'hex') AS hash, s.hlc
    FROM unnest($1::text[], $2::uuid[]) AS wanted(type, id)
    CROSS JOIN LATERAL (
      SELECT * FROM global_state.aggregate_states WHERE aggregate_type = wanted.type AND aggregate_id = wanted.id
      LIMIT 1 -- keeps the lookup by index for each row, whatever the planner believes of the table's size
    ) AS s`,
};

/** The write side's snapshots of those of the aggregates that ever were. */
export async function loadStates(db: Queryable, refs: readonly AggregateRef[]): Promise<AggregateSnapshot[]> {
  const rows = await run<StateRow>(db, LOAD, [refs.map((ref) => ref.type), refs.map((ref) => ref.id)]);
  return rows.map((row) => ({
    ref: { type: row.aggregate_type, id: row.aggregate_id },
    version: Number(row.version),
    generation: row.generation,
    deleted: row.deleted,
    data: row.data,
    clocks: row.clocks,
    hash: row.hash,
    hlc: BigInt(row.hlc),
  }));
}
