import type { Pool, PoolClient, QueryResultRow } from 'pg';

/** Anything that runs one statement: the pool, or a client inside a transaction. */
export type Queryable = Pick<Pool | PoolClient, 'query'>;

/** A prepared statement: parsed once a connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Runs a prepared statement and yields its rows. */
export async function run<Row extends QueryResultRow>(
  db: Queryable, statement: Statement, values: readonly unknown[],
): Promise<Row[]> {
  const { rows } = await db.query<Row>({ ...statement, values: [...values] });
  return rows;
}

/**
 * Whether an error says that the connection or the server went away, or that PostgreSQL undid the transaction for reasons
 * of its own: the same statement may succeed on another try. SQLSTATE classes: 08 connection, 40 rollback,
 * 53 resources, 57P shutdown; no SQLSTATE at all comes from the socket.
 */
export function isTransient(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return !/^[0-9A-Z]{5}$/.test(code) || /^(08|40|53|57P)/.test(code);
}
