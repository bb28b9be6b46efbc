import type { PoolClient } from 'pg';
import { NOT_FROZEN } from '../../sql/claim-head.js';
import { type Queryable, run } from '../../sql/database.js';

const LOCK_HEADS = { name: 'lock-all-heads', text: `SELECT position, ${NOT_FROZEN} FROM global_state.log_heads ORDER BY partition FOR UPDATE` };

/** Holds back every append until this transaction ends: all heads, ascending, as every writer takes them. */
export async function lockHeads(client: PoolClient): Promise<void> {
  await run(client, LOCK_HEADS, []);
}

const SWAP = {
  name: 'swap-builds',
  // Told like an append, so that every instance looks at once and drops what it holds of the build before.
  text: `
    WITH stale AS (
      INSERT INTO global_state.stale_state_builds (aggregate_type, build)
      SELECT aggregate_type, previous FROM global_state.state_builds WHERE aggregate_type = ANY ($1) AND previous IS NOT NULL
    ), swapped AS (
      INSERT INTO global_state.state_builds AS live (aggregate_type, build, revision, previous, previous_position)
      SELECT unnest($1::text[]), $2, 1, 0, $3
      ON CONFLICT (aggregate_type) DO UPDATE SET build = excluded.build, revision = live.revision + 1, previous = live.build,
        previous_position = excluded.previous_position
    )
    SELECT pg_notify('global_state_events', '')`,
};

/** Makes a build the live one of some types. The heads are locked and the build holds every change up to the position. */
export async function swapBuilds(client: PoolClient, build: number, types: readonly string[], position: number): Promise<void> {
  await run(client, SWAP, [types, build, position]);
}

const REPAIRED = {
  name: 'states-repaired',
  text: `
    WITH repaired AS (
      INSERT INTO global_state.state_builds AS live (aggregate_type, build, revision)
      SELECT type, 0, 1 FROM unnest($1::text[]) AS type
      ON CONFLICT (aggregate_type) DO UPDATE SET revision = live.revision + 1
      RETURNING aggregate_type AS type, build
    )
    SELECT type, build, pg_notify('global_state_events', '') FROM repaired`,
};

/** Voids what was read of some types before, as their states are about to be repaired. The heads are locked. @returns their live builds */
export function voidStates(client: PoolClient, types: readonly string[]): Promise<{ type: string; build: number }[]> {
  return run<{ type: string; build: number }>(client, REPAIRED, [types]);
}

/** Types that have a build to go back to, the same for all of them, that holds every change up to a position. */
export interface Previous {
  readonly build: number;
  readonly types: readonly string[];
  readonly position: number;
}

const PREVIOUS = {
  name: 'previous-builds',
  text: `
    SELECT previous AS build, array_agg(aggregate_type ORDER BY aggregate_type) AS types, previous_position::float8 AS position
    FROM global_state.state_builds WHERE previous IS NOT NULL AND ($1::text[] IS NULL OR aggregate_type = ANY ($1))
    GROUP BY previous, previous_position ORDER BY previous, previous_position`,
};

export function previousBuilds(db: Queryable, types: readonly string[] | undefined): Promise<Previous[]> {
  return run<Previous & { types: string[] }>(db, PREVIOUS, [types ?? null]);
}

const CATCH_UP = {
  name: 'previous-caught-up',
  text: `
    UPDATE global_state.state_builds SET previous_position = $4
    WHERE aggregate_type = ANY ($1) AND previous = $2 AND previous_position = $3 RETURNING aggregate_type`,
};

/** Keeps how far a build to go back to is. @throws Error if somebody else changed that */
export async function previousCaughtUp(client: PoolClient, { build, types, position }: Previous, upTo: number): Promise<void> {
  const rows = await run(client, CATCH_UP, [types, build, position, upTo]);
  if (rows.length !== types.length) throw new Error(`somebody else goes back to the build ${build}, or went on from it`);
}

const REVERT = {
  name: 'revert-builds',
  text: `
    WITH stale AS (
      INSERT INTO global_state.stale_state_builds (aggregate_type, build)
      SELECT aggregate_type, build FROM global_state.state_builds WHERE aggregate_type = ANY ($1)
    ), reverted AS (
      UPDATE global_state.state_builds SET build = previous, previous = NULL, previous_position = NULL, revision = revision + 1
      WHERE aggregate_type = ANY ($1)
    )
    SELECT pg_notify('global_state_events', '')`,
};

/** Makes the build before the live one of some types again. The heads are locked and it holds every change. */
export async function revertBuilds(client: PoolClient, types: readonly string[]): Promise<void> {
  await run(client, REVERT, [types]);
}
