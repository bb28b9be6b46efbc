import type { Pool, PoolClient } from 'pg';

/**
 * Runs statements in one transaction: committed when `work` is done, undone when it throws.
 * @param begin how it begins, such as `BEGIN READ ONLY`
 * @throws what `work` throws, or what broke the connection
 */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>, begin = 'BEGIN'): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that is cut between two statements tells nobody but its listeners; without one it would end the process.
  const cut = (error: Error): void => void (broken = error);
  client.on('error', cut);
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    broken ??= error instanceof Error ? error : new Error(String(error));
    throw broken;
  } finally {
    client.off('error', cut);
    client.release(broken !== undefined); // a connection in an unknown state is not used again; closing it rolls back
  }
}
