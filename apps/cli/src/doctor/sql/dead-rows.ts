import type { Queryable } from './queryable.js';

export interface DeadRows {
  readonly table: string;
  readonly live: number;
  readonly dead: number;
}

const DEAD = `
  SELECT relname AS "table", n_live_tup::float8 AS live, n_dead_tup::float8 AS dead FROM pg_stat_user_tables
  WHERE schemaname = 'global_state' AND n_dead_tup > $1 AND n_dead_tup > n_live_tup ORDER BY n_dead_tup DESC LIMIT 5`;

/** Tables with more than so many dead rows, and more dead ones than live ones: vacuum does not get there. */
export async function deadRows(db: Queryable, atLeast: number): Promise<readonly DeadRows[]> {
  return (await db.query<DeadRows>(DEAD, [atLeast])).rows;
}
