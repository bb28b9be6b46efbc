import type { Pool } from 'pg';

/** The first half of the key of a rollback's lock; the other is its number. */
const ROLLBACK_LOCK = 7_402_118;

/**
 * Works on a rollback while nobody else does, on any instance. The lock is held by a connection, so a crash gives it back.
 * @param work is given what throws once the lock is lost, which it calls before each thing it does
 * @returns `undefined`, and does nothing, while somebody else is at it
 */
export async function inTurn<T>(pool: Pool, number: number, work: (assertHeld: () => void) => Promise<T>): Promise<T | undefined> {
  const client = await pool.connect();
  let lost: Error | undefined;
  const cut = (error: Error): void => void (lost ??= error);
  client.on('error', cut); // without a listener a connection that is cut would end the process
  try {
    const { rows: [row] } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS locked', [ROLLBACK_LOCK, number]);
    if (!row!.locked) return undefined;
    try {
      return await work(() => {
        if (lost) throw lost;
      });
    } finally {
      await client.query('SELECT pg_advisory_unlock($1, $2)', [ROLLBACK_LOCK, number]).catch(cut); // one that ends gives it back too
    }
  } catch (error) {
    throw lost ?? error;
  } finally {
    client.off('error', cut);
    client.release(lost !== undefined);
  }
}
