import type { StoredEvent } from '@app/kernel';
import type { Pool, PoolClient } from 'pg';
import { ensureCheckpoint, lockCheckpoint, saveCheckpoint } from '../sql/checkpoints.js';
import { isTransient } from '../sql/database.js';
import { type LogFact, readFacts, readLog } from '../sql/read-events.js';
import { inTransaction } from '../sql/transaction.js';
import type { Wakeup } from './wakeup.js';

/** Events of a durable consumer's batch, at most: the more, the fewer rows it writes for each of them. */
export const CONSUMED_AT_ONCE = 20_000;
/** Events that it reads with one statement: the event loop is free between two. */
const READ_AT_ONCE = 2_000;

export interface FeedOptions {
  /** Read at once, at most; one event may go beyond the bytes. */
  readonly batch: { readonly limit: number; readonly maxBytes: number };
  readonly log: (line: string) => void;
}

/** How a durable consumer goes about it. */
export interface ConsumePace {
  /** Least rest, in ms, after a batch that was not full: what comes meanwhile is handled together. Default 0. */
  readonly restMs?: number;
  /** The most of the time that batches may take, unless they are full: it rests for so long. Default 1. */
  readonly share?: number;
  /** After each look that held the checkpoint, when what it did is committed: where it stands, and how many events it took. */
  readonly looked?: (position: number, events: number) => void;
}

/** Handles a batch inside the transaction that also saves the checkpoint. What an event says is not read for it. */
export type ConsumeBatch = (client: PoolClient, events: readonly LogFact[]) => Promise<void>;

/** Reads the log in order as it grows. */
export class Feed {
  constructor(private readonly pool: Pool, private readonly wakeup: Wakeup, private readonly options: FeedOptions) {}

  /**
   * Every event after a position, in order, once, without end: batches as they become readable. For what each instance
   * keeps to itself. Outlives database restarts.
   * @throws Error when positions are not dense: the log is damaged and nothing may be built on it
   */
  async *tail(partition: number, after: number, signal: AbortSignal): AsyncGenerator<readonly StoredEvent[]> {
    let position = after;
    while (!signal.aborted) {
      const seen = this.wakeup.count;
      const events = await this.patiently(() => readLog(this.pool, partition, position, this.options.batch), signal);
      if (events && events.length > 0) {
        assertDense(position, events);
        position = events.at(-1)!.position;
        yield events;
      } else {
        await this.wakeup.next(seen, signal);
      }
    }
  }

  /**
   * Like `tail`, from a checkpoint in the database that moves in the transaction of what `handle` does: after a crash
   * nothing is missing and nothing is done twice. Of several instances one works at a time. Ends when the signal aborts.
   * @throws what `handle` throws; the checkpoint stays where it was
   */
  async consume(
    consumer: string, partition: number, handle: ConsumeBatch, signal: AbortSignal, { restMs = 0, share = 1, looked }: ConsumePace = {},
  ): Promise<void> {
    await this.patiently(() => ensureCheckpoint(this.pool, consumer, partition), signal);
    while (!signal.aborted) {
      const seen = this.wakeup.count;
      const begun = performance.now();
      const look = await this.patiently(() => this.step(consumer, partition, handle), signal);
      const rest = Math.max(restMs, (performance.now() - begun) * (1 / share - 1));
      if (look) looked?.(look.position, look.events);
      if (!look?.events) await this.wakeup.next(seen, signal);
      if (rest > 0 && (look?.events ?? 0) < CONSUMED_AT_ONCE) await pause(rest, signal);
    }
  }

  /** One batch of `consume`. @returns `undefined` while another instance has the checkpoint */
  async step(
    consumer: string, partition: number, handle: ConsumeBatch,
  ): Promise<{ position: number; events: number } | undefined> {
    return inTransaction(this.pool, async (client) => {
      const after = await lockCheckpoint(client, consumer, partition);
      if (after === undefined) return undefined;
      const events = await readBatch(client, partition, after, CONSUMED_AT_ONCE);
      const last = events.at(-1);
      if (!last) return { position: after, events: 0 };
      assertDense(after, events);
      await handle(client, events);
      await saveCheckpoint(client, consumer, last);
      return { position: last.position, events: events.length };
    });
  }

  /** Tries again while the database is away. */
  private async patiently<T>(step: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    for (let wait = 50; !signal.aborted; wait = Math.min(wait * 2, 1000)) {
      try {
        return await step();
      } catch (error) {
        if (!isTransient(error)) throw error;
        this.options.log(`the feed waits for the database: ${String(error)}`);
        await pause(wait, signal);
      }
    }
    return undefined;
  }
}

/** Events of a partition after a position, in order, at most `limit`, page by page. */
export async function readBatch(client: PoolClient, partition: number, after: number, limit: number): Promise<LogFact[]> {
  const events: LogFact[] = [];
  for (;;) {
    const wanted = Math.min(READ_AT_ONCE, limit - events.length);
    const page = await readFacts(client, partition, events.at(-1)?.position ?? after, wanted);
    for (const event of page) events.push(event);
    if (page.length < wanted || events.length === limit) return events;
  }
}

/** Resolves after so many ms, or when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

function assertDense(after: number, events: readonly Pick<StoredEvent, 'position'>[]): void {
  events.forEach((event, i) => {
    if (event.position !== after + 1 + i) {
      throw new Error(`the log has a hole: position ${event.position} follows ${after + i}`);
    }
  });
}
