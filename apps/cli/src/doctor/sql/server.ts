import type { Queryable } from './queryable.js';

export interface ServerReport {
  readonly version: string;
  readonly versionNumber: number;
  readonly now: Date;
  readonly bytes: number;
  readonly connections: number;
  readonly maxConnections: number;
  /** Settings that are off and must not be. */
  readonly unsafe: readonly string[];
  readonly standby: boolean;
}

const SERVER = `
  SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS "versionNumber",
    clock_timestamp() AS now, pg_database_size(current_database())::float8 AS bytes,
    (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
    current_setting('max_connections')::int AS "maxConnections",
    ARRAY(SELECT name::text FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off') AS unsafe,
    pg_is_in_recovery() AS standby`;

/** How the server is. */
export async function serverReport(db: Queryable): Promise<ServerReport> {
  return (await db.query<ServerReport>(SERVER)).rows[0]!;
}
