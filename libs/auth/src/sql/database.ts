import { ServiceError } from '@app/kernel';
import type { Pool, QueryResultRow } from 'pg';

/** What of a pool is used here. */
export type Database = Pick<Pool, 'query'>;

/** SQLSTATE classes that say the statement itself is wrong. All else is the database being away, full or busy. */
const OUR_FAULT = /^(0A|22|23|42|P0|XX)...$/;

/** Runs a prepared statement. @throws ServiceError SERVICE_UNAVAILABLE while the database is away */
export async function run<Row extends QueryResultRow>(
  db: Database, statement: { readonly name: string; readonly text: string }, values: readonly unknown[],
): Promise<Row[]> {
  try {
    return (await db.query<Row>({ ...statement, values: [...values] })).rows;
  } catch (error) {
    if (error instanceof Error && 'code' in error && OUR_FAULT.test(String(error.code))) throw error;
    throw new ServiceError('SERVICE_UNAVAILABLE', 'the database does not answer', undefined, 1);
  }
}
