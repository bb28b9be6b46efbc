import type { Pool, PoolClient } from 'pg';

/** Of the session: who signs commits root after root. Held by nobody else in the database. */
const SIGNING_LOCK = 7_402_118_809;

/**
 * Does the work if no other instance is at it, on a connection that has the lock of all of them. The lock only saves work that would be in
 * vain: that no position is signed twice is for the key of the table.
 * @returns whether it was done here
 */
export async function inSigningTurn(pool: Pool, work: (client: PoolClient) => Promise<void>): Promise<boolean> {
  const client = await pool.connect();
  let isSound = false;
  // Cut between two statements it tells only its listeners, and without one it would end the process; the next statement fails.
  const cut = (): void => undefined;
  client.on('error', cut);
  try {
    const { rows: [row] } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [SIGNING_LOCK]);
    if (row!.locked) {
      await work(client);
      await client.query('SELECT pg_advisory_unlock($1)', [SIGNING_LOCK]);
    }
    isSound = true;
    return row!.locked;
  } finally {
    client.off('error', cut);
    client.release(!isSound); // a connection that ends gives the lock back
  }
}
