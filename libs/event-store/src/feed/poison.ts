import { refKey } from '@app/kernel';
import type { PoolClient } from 'pg';
import { isTransient } from '../sql/database.js';
import type { LogFact } from '../sql/read-events.js';
import type { ConsumeBatch } from './feed.js';

/** An event that could not be handled. */
export interface Poison {
  readonly event: LogFact;
  readonly error: string;
}

/** What PostgreSQL says that no event can be blamed for: 42 the consumer's own SQL, 55 and 57 locks and timeouts, 58 and XX the server. */
const NOT_THE_EVENT = /^(42|55|57|58|F0|XX)...$/;

/**
 * Handles what can be handled of a batch, in order: where it fails, its halves are tried, down to the one event. Of an aggregate with such
 * an event nothing more is handled. Each try is undone whole if it fails.
 * @throws what the database being away, or the consumer itself, is to blame for
 */
export async function handleAround(client: PoolClient, events: readonly LogFact[], handle: ConsumeBatch): Promise<Poison[]> {
  const poison: Poison[] = [];
  const parked = new Set<string>();
  const attempt = async (some: readonly LogFact[]): Promise<void> => {
    const wanted = some.filter(({ ref }) => !parked.has(refKey(ref)));
    const [first] = wanted;
    if (!first) return;
    const error = await undoneIfFailed(client, () => handle(client, wanted), isOfTheEvent);
    if (error === undefined) return;
    if (wanted.length === 1) {
      parked.add(refKey(first.ref));
      poison.push({ event: first, error });
      return;
    }
    const middle = wanted.length >> 1;
    await attempt(wanted.slice(0, middle));
    await attempt(wanted.slice(middle));
  };
  await attempt(events);
  return poison;
}

/**
 * Does work inside a transaction which goes on if the work fails.
 * @returns what it failed of, if it did
 * @throws an error that `isNoted` does not take
 */
export async function undoneIfFailed(
  client: PoolClient, work: () => Promise<void>, isNoted = (error: unknown): boolean => !isTransient(error),
): Promise<string | undefined> {
  await client.query('SAVEPOINT attempt');
  try {
    await work();
    await client.query('RELEASE SAVEPOINT attempt');
    return undefined;
  } catch (error) {
    if (!isNoted(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt');
    return error instanceof Error ? error.message : String(error);
  }
}

function isOfTheEvent(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return !isTransient(error) && !NOT_THE_EVENT.test(code);
}
