import type { Queryable } from './queryable.js';

export interface LongTransaction {
  readonly pid: number;
  readonly application: string;
  readonly state: string;
  readonly seconds: number;
}

const LONG = `
  SELECT pid, application_name AS application, state, extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds
  FROM pg_stat_activity
  WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start < clock_timestamp() - make_interval(secs => $1)
  ORDER BY xact_start LIMIT 5`;

/** Transactions that have been open for longer than so many seconds, oldest first: they hold vacuum back, and locks maybe. */
export async function longTransactions(db: Queryable, seconds: number): Promise<readonly LongTransaction[]> {
  return (await db.query<LongTransaction>(LONG, [seconds])).rows;
}
