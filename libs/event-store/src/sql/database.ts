import { types } from 'node:util';
import { ServiceError } from '@app/kernel';
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

/** SQLSTATE classes: 08 connection, 40 rollback for reasons of its own, 53 resources, 57P shutdown or still starting; 25P03 was frozen. */
const PASSING_STATES = /^(08|40|53|57P|25P03)/;
const SOCKET_CODES = /^(ECONN\w+|EPIPE|ETIMEDOUT|ENOENT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
/** What `pg` says, without a code, of a connection that broke or was not to be had. */
const BROKEN = /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout e|Query read timeout)/;

/**
 * Whether an error says that the connection or the server went away, or that PostgreSQL undid the transaction for reasons
 * of its own: the same statement may succeed on another try.
 */
export function isTransient(error: unknown): boolean {
  // Not instanceof: errors of sockets come from Node's own realm, which under jest is another one.
  if (!types.isNativeError(error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return PASSING_STATES.test(code) || SOCKET_CODES.test(code) || BROKEN.test(error.message);
}

/** @throws ServiceError SERVICE_UNAVAILABLE while the database is away */
export async function whenReachable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isTransient(error)) throw error;
    throw new ServiceError('SERVICE_UNAVAILABLE', 'the database does not answer', undefined, 1);
  }
}
