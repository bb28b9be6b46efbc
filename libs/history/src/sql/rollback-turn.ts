import { type AggregateRef, refKey, sha256Hex } from '@app/kernel';
import type { Pool } from 'pg';

/** The first halves of the keys of locks: of a rollback by its number, and of an aggregate by a hash, whose equals wait in vain. */
const [ROLLBACK_LOCK, AGGREGATE_LOCK] = [7_402_118, 7_402_119];

/** Held by who works on a rollback. */
export interface Turn {
  /** Throws once the lock is lost: to be called before each thing that is done. */
  assertHeld(): void;
  /**
   * Works on an aggregate while no other rollback does. So of all who change what is in force there the last one to work on it knows of all
   * the others, also where one finds nothing to do.
   */
  on<T>(ref: AggregateRef, work: () => Promise<T>): Promise<T>;
}

/**
 * Works on a rollback while nobody else does, on any instance. The lock is held by a connection, so a crash gives it back.
 * @returns `undefined`, and does nothing, while somebody else is at it
 */
export async function inTurn<T>(pool: Pool, number: number, work: (turn: Turn) => Promise<T>): Promise<T | undefined> {
  const client = await pool.connect();
  let lost: Error | undefined;
  const cut = (error: Error): void => void (lost ??= error);
  client.on('error', cut); // without a listener a connection that is cut would end the process
  const unlock = async (key: readonly [number, number]): Promise<void> => {
    if (!lost) await client.query('SELECT pg_advisory_unlock($1, $2)', [...key]).catch(cut); // one that ends gives it back too
  };
  const assertHeld = (): void => {
    if (lost) throw lost;
  };
  try {
    const { rows: [row] } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS locked', [ROLLBACK_LOCK, number]);
    if (!row!.locked) return undefined;
    try {
      return await work({
        assertHeld,
        on: async (ref, each) => {
          const key = [AGGREGATE_LOCK, hashOf(ref)] as const;
          await client.query('SELECT pg_advisory_lock($1, $2)', [...key]).catch(cut); // one that was waited for too long may still be had later
          assertHeld();
          try {
            return await each();
          } finally {
            await unlock(key);
          }
        },
      });
    } finally {
      await unlock([ROLLBACK_LOCK, number]);
    }
  } catch (error) {
    throw lost ?? error;
  } finally {
    client.off('error', cut);
    client.release(lost !== undefined);
  }
}

function hashOf(ref: AggregateRef): number {
  return parseInt(sha256Hex(refKey(ref)).slice(0, 8), 16) | 0;
}
