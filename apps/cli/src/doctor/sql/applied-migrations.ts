import type { Queryable } from './queryable.js';

const EXISTS = `SELECT to_regclass('global_state.migrations') IS NOT NULL AS there`;
const APPLIED = 'SELECT name FROM global_state.migrations ORDER BY id';

/** The migrations that this database has had; none where the service never ran on it. */
export async function appliedMigrations(db: Queryable): Promise<readonly string[]> {
  const { rows: [table] } = await db.query<{ there: boolean }>(EXISTS);
  return table?.there ? (await db.query<{ name: string }>(APPLIED)).rows.map(({ name }) => name) : [];
}
