import type { AggregateRef, AggregateSnapshot, ClockTree, JsonObject } from '@app/kernel';
import { FOLD_GENERATION, unborn } from '../writer/advance.js';
import { type Queryable, run } from './database.js';

interface StateRow {
  place: string;
  build: number;
  revision: number;
  version: string | null;
  generation: number;
  deleted: boolean;
  data: JsonObject;
  clocks: ClockTree;
  hash: string;
  hlc: string;
  fold_generation: number | null;
  memory: JsonObject | null;
}

const LOAD = {
  name: 'load-states',
  text: `
    SELECT wanted.place, wanted.build, wanted.revision, s.version, s.generation, s.deleted, s.data, s.clocks, encode(s.hash, 'hex') AS hash, s.hlc,
      s.fold_generation, s.memory
    FROM (
      SELECT type, id, place, coalesce(live.build, 0) AS build, coalesce(live.revision, 0) AS revision
      FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS asked(type, id, place)
      LEFT JOIN global_state.state_builds AS live ON live.aggregate_type = type
    ) AS wanted
    LEFT JOIN LATERAL (
      SELECT * FROM global_state.aggregate_state_builds
      WHERE aggregate_type = wanted.type AND aggregate_id = wanted.id AND build = wanted.build
      LIMIT 1 -- keeps the lookup by index for each row, whatever the planner believes of the table's size
    ) AS s ON true`,
};

/** The write side's snapshots of the aggregates, in their order; that of one that never was has version 0. */
export async function loadStates(db: Queryable, refs: readonly AggregateRef[]): Promise<AggregateSnapshot[]> {
  const rows = await run<StateRow>(db, LOAD, [refs.map((ref) => ref.type), refs.map((ref) => ref.id)]);
  const states: AggregateSnapshot[] = [];
  for (const row of rows) {
    const build = { number: row.build, revision: row.revision, foldGeneration: row.fold_generation ?? FOLD_GENERATION };
    const ref = refs[Number(row.place) - 1]!;
    states[Number(row.place) - 1] = row.version === null ? { ...unborn(ref), build } : {
      data: row.data,
      clocks: row.clocks,
      generation: row.generation,
      deleted: row.deleted,
      ref,
      version: Number(row.version),
      hash: row.hash,
      hlc: BigInt(row.hlc),
      memory: row.memory ?? undefined,
      build,
    };
  }
  return states;
}
