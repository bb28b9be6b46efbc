import { inTransaction, whenReachable } from '@app/event-store';
import type { Pool, PoolClient, QueryResultRow } from 'pg';

/**
 * Runs a statement that is planned for its values, and yields its rows: from which hour on decides between an index and all rows, by
 * a factor of ten and more.
 */
export async function ask<Row extends QueryResultRow>(client: PoolClient, text: string, values: readonly unknown[]): Promise<Row[]> {
  return (await client.query<Row>(text, [...values])).rows;
}

/** Sums over many rows in memory; compiling them takes longer than they do. */
const FOR_SUMS = "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)";

/**
 * Runs reads that see the figures of one moment: a batch is in all of them or in none.
 * @throws ServiceError SERVICE_UNAVAILABLE while the database is away
 */
export function atOneMoment<T>(pool: Pool, read: (client: PoolClient) => Promise<T>): Promise<T> {
  return whenReachable(() => inTransaction(pool, async (client) => {
    await client.query(FOR_SUMS);
    return read(client);
  }, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'));
}
