import type { AggregateRef } from '@app/kernel';
import type { PoolClient } from 'pg';
import { type Queryable, run } from '../../sql/database.js';
import type { DifferenceSample } from '../differences.js';

/** How far a rebuild is. */
export interface RebuildRecord {
  readonly build: number;
  /** Absent: every type. */
  readonly types: readonly string[] | undefined;
  readonly status: 'building' | 'live' | 'abandoned';
  /** Counts its transactions. */
  readonly step: number;
  /** The last aggregate that was walked through. */
  readonly after: AggregateRef;
  readonly isWalked: boolean;
  /** Once it is walked, the build holds every change up to here. */
  readonly position: number;
  readonly typesMet: readonly string[];
  readonly events: number;
  readonly aggregates: number;
  readonly parked: number;
  readonly differences: number;
  readonly samples: readonly DifferenceSample[];
  readonly swapMs: number | undefined;
}

interface Row {
  build: number;
  aggregate_types: string[] | null;
  status: RebuildRecord['status'];
  step: number;
  after_type: string;
  after_id: string;
  is_walked: boolean;
  position: string;
  types_met: string[];
  events: string;
  aggregates: string;
  parked: string;
  differences: string;
  samples: DifferenceSample[];
  swap_ms: number | null;
}

const OPEN = {
  name: 'open-rebuild',
  text: `
    WITH given_up AS (
      UPDATE global_state.state_rebuilds SET status = 'abandoned', step = step + 1
      WHERE status = 'building' AND (aggregate_types IS NULL OR $1::text[] IS NULL OR aggregate_types && $1)
      RETURNING build, types_met
    ), stale AS (
      INSERT INTO global_state.stale_state_builds (aggregate_type, build) SELECT unnest(types_met), build FROM given_up
    )
    INSERT INTO global_state.state_rebuilds (aggregate_types, fold_generation, position)
    SELECT $1, $2, position FROM global_state.log_heads WHERE partition = $3
    RETURNING *`,
};

/** Begins a rebuild at the end of the log. One of the same types that is under way is given up. */
export async function openRebuild(
  db: Queryable, partition: number, { types, generation }: { types?: readonly string[]; generation: number },
): Promise<RebuildRecord> {
  const [row] = await run<Row>(db, OPEN, [types ?? null, generation, partition]);
  return toRecord(row!);
}

const READ = { name: 'read-rebuild', text: 'SELECT * FROM global_state.state_rebuilds WHERE build = $1' };

export async function readRebuild(db: Queryable, build: number): Promise<RebuildRecord | undefined> {
  const [row] = await run<Row>(db, READ, [build]);
  return row && toRecord(row);
}

const STEP = {
  name: 'step-rebuild',
  text: `
    UPDATE global_state.state_rebuilds SET step = step + 1, status = $3, after_type = $4, after_id = $5, is_walked = $6, position = $7,
      types_met = $8, events = $9, aggregates = $10, parked = $11, differences = $12, samples = $13,
      swapped_at = CASE WHEN $3 = 'live' THEN clock_timestamp() END
    WHERE build = $1 AND step = $2 AND status = 'building' RETURNING *`,
};

/**
 * Keeps how far a rebuild is, in the transaction of what it did.
 * @throws Error if it is not where it was: somebody else goes on with it, or it was given up
 */
export async function stepRebuild(client: PoolClient, from: RebuildRecord, changed: Partial<RebuildRecord>): Promise<RebuildRecord> {
  const to = { ...from, ...changed };
  const [row] = await run<Row>(client, STEP, [
    from.build, from.step, to.status, to.after.type, to.after.id, to.isWalked, to.position, to.typesMet, to.events, to.aggregates, to.parked,
    to.differences, JSON.stringify(to.samples),
  ]);
  if (!row) throw new Error(`the rebuild ${from.build} was given up, or somebody else goes on with it`);
  return toRecord(row);
}

const ABANDON = {
  name: 'abandon-rebuild',
  text: `
    WITH given_up AS (
      UPDATE global_state.state_rebuilds SET status = 'abandoned', step = step + 1 WHERE build = $1 AND status = 'building'
      RETURNING build, types_met
    )
    INSERT INTO global_state.stale_state_builds (aggregate_type, build) SELECT unnest(types_met), build FROM given_up`,
};

/** Gives a rebuild up: its rows are dropped some time. */
export async function abandonRebuild(db: Queryable, build: number): Promise<void> {
  await run(db, ABANDON, [build]);
}

const TIME = { name: 'time-swap', text: 'UPDATE global_state.state_rebuilds SET swap_ms = $2 WHERE build = $1' };

/** Keeps how long the head was locked for the swap. */
export async function timeSwap(db: Queryable, build: number, ms: number): Promise<void> {
  await run(db, TIME, [build, ms]);
}

function toRecord(row: Row): RebuildRecord {
  return {
    build: row.build, types: row.aggregate_types ?? undefined, status: row.status, step: row.step,
    after: { type: row.after_type, id: row.after_id }, isWalked: row.is_walked, position: Number(row.position), typesMet: row.types_met,
    events: Number(row.events), aggregates: Number(row.aggregates), parked: Number(row.parked), differences: Number(row.differences),
    samples: row.samples, swapMs: row.swap_ms ?? undefined,
  };
}
