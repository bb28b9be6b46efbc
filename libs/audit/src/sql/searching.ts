import { inTransaction, isTransient } from '@app/event-store';
import { ServiceError } from '@app/kernel';
import type { Pool, PoolClient } from 'pg';

/** An index finds what is in a time; what an actor did in it is looked for one by one. That must end. */
const LIMIT_SEARCH = "SELECT set_config('statement_timeout', $1, true), set_config('jit', 'off', true)";
const CANCELLED = '57014';

/**
 * Runs reads that see one moment and end in time.
 * @throws ServiceError VALIDATION_ERROR for a search that takes too long; SERVICE_UNAVAILABLE while the database is away
 */
export async function searching<T>(pool: Pool, timeoutMs: number, read: (client: PoolClient) => Promise<T>): Promise<T> {
  try {
    return await inTransaction(pool, async (client) => {
      await client.query(LIMIT_SEARCH, [String(timeoutMs)]);
      return read(client);
    }, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  } catch (error) {
    if (isTransient(error)) throw new ServiceError('SERVICE_UNAVAILABLE', 'the database does not answer', undefined, 1);
    if (!(error instanceof Error && 'code' in error && error.code === CANCELLED)) throw error;
    // No 503: asked again it would take as long.
    throw new ServiceError('VALIDATION_ERROR', 'this search takes too long: narrow from and to, or name an aggregate', { path: '/from' });
  }
}
