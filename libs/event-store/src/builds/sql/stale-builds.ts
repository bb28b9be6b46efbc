import type { AggregateRef } from '@app/kernel';
import { type Queryable, run } from '../../sql/database.js';

/** A build that nobody reads any more for some types. */
export interface StaleBuild {
  readonly build: number;
  readonly types: readonly string[];
}

const LIST = {
  name: 'stale-builds',
  text: 'SELECT build, array_agg(aggregate_type) AS types FROM global_state.stale_state_builds GROUP BY build ORDER BY build',
};

export function staleBuilds(db: Queryable): Promise<StaleBuild[]> {
  return run<{ build: number; types: string[] }>(db, LIST, []);
}

const DROP = {
  name: 'drop-stale-rows',
  text: `
    DELETE FROM global_state.aggregate_state_builds AS row USING (
      SELECT aggregate_id, aggregate_type FROM global_state.aggregate_state_builds
      WHERE (aggregate_id, aggregate_type) > ($1::uuid, $2) AND build = $3 AND aggregate_type = ANY ($4)
      ORDER BY aggregate_id, aggregate_type LIMIT $5
    ) AS old
    WHERE row.aggregate_id = old.aggregate_id AND row.aggregate_type = old.aggregate_type AND row.build = $3
    RETURNING row.aggregate_type AS type, row.aggregate_id AS id`,
};

/** Deletes rows of a stale build after an aggregate, at most `limit`, in the order of keys. @returns which */
export function dropStaleRows(db: Queryable, { build, types }: StaleBuild, after: AggregateRef, limit: number): Promise<AggregateRef[]> {
  return run<{ type: string; id: string }>(db, DROP, [after.id, after.type, build, types, limit]);
}

const FORGET = {
  name: 'forget-stale-build',
  text: 'DELETE FROM global_state.stale_state_builds WHERE build = $1 AND aggregate_type = ANY ($2)',
};

export async function forgetStaleBuild(db: Queryable, { build, types }: StaleBuild): Promise<void> {
  await run(db, FORGET, [build, types]);
}
