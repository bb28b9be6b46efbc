import { type AggregateRef, refKey, ServiceError } from '@app/kernel';
import type { Pool, PoolClient } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { takeCheckpoint } from '../sql/checkpoints.js';
import { whenReachable } from '../sql/database.js';
import {
  addDeadLetter, type DeadLetter, type DeadLetterStatus, dropDeadLetters, endDeadLetter, getDeadLetter, listDeadLetters, lockDeadLetter, parkedAggregates,
  reviveDeadLetters, succeedDeadLetters, withholdEvents,
} from '../sql/dead-letters.js';
import type { LogFact } from '../sql/read-events.js';
import { inTransaction } from '../sql/transaction.js';
import type { ConsumeBatch } from './feed.js';
import { handleAround, type Poison, undoneIfFailed } from './poison.js';

/** An aggregate that cannot be handled. */
export interface DeadAggregate {
  readonly consumer: string;
  readonly partition: number;
  readonly ref: AggregateRef;
  /** Of the event that failed. */
  readonly position: number;
  readonly error: string;
  /** Tries that led to this. Default 1. */
  readonly attempts?: number;
}

/** Does again what was withheld, in a transaction that holds the consumer's checkpoint. @param upTo where the consumer stands */
export type RetryLetter = (client: PoolClient, letter: DeadLetter, upTo: number) => Promise<void>;

/** More than so many aggregates are no longer exceptions: the consumer stands still instead. */
const MOST_PARKED = 100;

/**
 * Aggregates that consumers could not handle. They are parked, so that all others go on: their events are withheld until somebody has them
 * tried again, or gives what was withheld up.
 */
export class DeadLetters {
  private readonly retries = new Map<string, RetryLetter>();

  constructor(private readonly pool: Pool) {}

  /** Says how what a consumer was not given is done again; here, for retries that are asked of this instance. */
  bind(consumer: string, retry: RetryLetter): void {
    this.retries.set(consumer, retry);
  }

  /** Parks an aggregate, in the transaction of whatever goes on without it; one that is parked already has failed once more. */
  park(client: PoolClient, { consumer, partition, ref, position, error, attempts = 1 }: DeadAggregate): Promise<DeadLetter> {
    return addDeadLetter(client, { id: uuidv7(), consumer, partition, ref, position, error, attempts });
  }

  /**
   * Hands a consumer what of a batch is not withheld from it, in the transaction of its checkpoint. @param isCareful it failed before: what it
   * fails of is looked for and parked
   * @returns what is parked from now on
   * @throws what `handle` throws, where no few events are to blame
   */
  async hand(client: PoolClient, consumer: string, events: readonly LogFact[], handle: ConsumeBatch, isCareful: boolean): Promise<readonly Poison[]> {
    let poison: readonly Poison[] = [];
    const parked = new Map((await parkedAggregates(client, consumer)).map((aggregate) => [refKey(aggregate), aggregate.from]));
    const wanted = parked.size === 0 ? events : events.filter(({ ref }) => !parked.has(refKey(ref)));
    if (!isCareful) {
      if (wanted.length > 0) await handle(client, wanted);
    } else {
      poison = await handleAround(client, wanted, handle);
      assertExceptions(poison, wanted, parked.size);
      for (const { event, error } of poison) {
        parked.set(refKey(event.ref), event.position);
        await this.park(client, { consumer, partition: event.partition, ref: event.ref, position: event.position, error, attempts: 2 });
      }
    }
    if (parked.size > 0) await withhold(client, consumer, events, parked);
    return poison;
  }

  /** The newest first. @param before the number of the last one that was seen */
  list(query: { before?: number; status?: DeadLetterStatus; consumer?: string; limit: number }): Promise<DeadLetter[]> {
    return whenReachable(() => listDeadLetters(this.pool, query));
  }

  /** @throws ServiceError DEAD_LETTER_NOT_FOUND */
  async get(id: string): Promise<DeadLetter> {
    const found = await whenReachable(() => getDeadLetter(this.pool, id));
    if (found) return found;
    throw new ServiceError('DEAD_LETTER_NOT_FOUND', `there is no dead letter ${id}`);
  }

  /**
   * Does what was withheld, up to where the consumer stands, which is held back meanwhile; from then on it is given the aggregate again. If
   * it fails, it stays parked, with the new error.
   * @throws ServiceError DEAD_LETTER_NOT_FOUND; INVALID_OPERATION for one that is not parked, or where nobody can
   */
  retry(id: string, by: string): Promise<DeadLetter> {
    return this.end(id, async (client, letter, upTo) => {
      const retry = this.retries.get(letter.consumer);
      if (!retry) throw new ServiceError('INVALID_OPERATION', `this instance cannot retry for ${letter.consumer}`);
      const error = await undoneIfFailed(client, () => retry(client, letter, upTo));
      return error === undefined ? endDeadLetter(client, id, { status: 'retried', by }) : this.park(client, { ...letter, attempts: 1, error });
    });
  }

  /** Gives up what was withheld so far: the consumer never gets it; what comes from now on it gets. @throws ServiceError as `retry` */
  discard(id: string, { by, reason }: { by: string; reason: string }): Promise<DeadLetter> {
    return this.end(id, (client) => endDeadLetter(client, id, { status: 'discarded', by, reason }));
  }

  /** Forgets what a consumer could not handle, with the consumer. */
  drop(client: PoolClient, consumer: string): Promise<void> {
    return dropDeadLetters(client, consumer);
  }

  /** See `succeedDeadLetters`. */
  succeed(client: PoolClient, consumer: string, successor: string, keptAs?: string): Promise<void> {
    return succeedDeadLetters(client, consumer, successor, keptAs);
  }

  /** See `reviveDeadLetters`. */
  revive(client: PoolClient, keptAs: string): Promise<void> {
    return reviveDeadLetters(client, keptAs);
  }

  /** The checkpoint first, then the letter, as consumers take them. */
  private async end(id: string, work: (client: PoolClient, letter: DeadLetter, upTo: number) => Promise<DeadLetter>): Promise<DeadLetter> {
    const known = await this.get(id);
    return whenReachable(() => inTransaction(this.pool, async (client) => {
      const upTo = await takeCheckpoint(client, known.consumer, known.partition);
      const letter = await lockDeadLetter(client, id);
      if (!letter) throw new ServiceError('INVALID_OPERATION', 'this aggregate is not parked any more');
      return work(client, letter, upTo);
    }));
  }
}

/** Where nothing can be handled, or ever more cannot, it is the consumer that fails. */
function assertExceptions(poison: readonly Poison[], events: readonly LogFact[], parked: number): void {
  const [first] = poison;
  if (!first) return;
  const aggregates = new Set(events.map(({ ref }) => refKey(ref))).size;
  const isAll = poison.length === aggregates && aggregates > 1;
  if (isAll || parked + poison.length > MOST_PARKED) throw new Error(first.error);
}

async function withhold(client: PoolClient, consumer: string, events: readonly LogFact[], parked: ReadonlyMap<string, number>): Promise<void> {
  const counts = new Map<string, { ref: AggregateRef; events: number }>();
  for (const { ref, position } of events) {
    const key = refKey(ref);
    if (position < (parked.get(key) ?? Infinity)) continue;
    const count = counts.get(key);
    if (count) count.events += 1;
    else counts.set(key, { ref, events: 1 });
  }
  if (counts.size > 0) await withholdEvents(client, consumer, [...counts.values()]);
}
