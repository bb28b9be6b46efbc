import type { StoredEvent } from '@app/kernel';
import type { Pool, PoolClient } from 'pg';
import { ensureCheckpoint, lockCheckpoint, saveCheckpoint } from '../sql/checkpoints.js';
import { isTransient } from '../sql/database.js';
import { readLog } from '../sql/read-events.js';
import type { Wakeup } from './wakeup.js';

export interface FeedOptions {
  /** Events read at once, at most. */
  readonly batch: number;
  readonly log: (line: string) => void;
}

/** Handles a batch inside the transaction that also saves the checkpoint. */
export type ConsumeBatch = (client: PoolClient, events: readonly StoredEvent[]) => Promise<void>;

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
  async consume(consumer: string, partition: number, handle: ConsumeBatch, signal: AbortSignal): Promise<void> {
    await this.patiently(() => ensureCheckpoint(this.pool, consumer, partition), signal);
    while (!signal.aborted) {
      const seen = this.wakeup.count;
      const handled = await this.patiently(() => this.consumeBatch(consumer, partition, handle), signal);
      if (!handled) await this.wakeup.next(seen, signal);
    }
  }

  private async consumeBatch(consumer: string, partition: number, handle: ConsumeBatch): Promise<number> {
    const client = await this.pool.connect();
    let broken = false;
    try {
      await client.query('BEGIN');
      const after = await lockCheckpoint(client, consumer, partition);
      const events = after === undefined ? [] : await readLog(client, partition, after, this.options.batch);
      const last = events.at(-1);
      if (after !== undefined && last) {
        assertDense(after, events);
        await handle(client, events);
        await saveCheckpoint(client, consumer, last);
      }
      await client.query('COMMIT');
      return events.length;
    } catch (error) {
      broken = true;
      throw error;
    } finally {
      client.release(broken); // a connection in an unknown state is not used again; closing it rolls back
    }
  }

  /** Tries again while the database is away. */
  private async patiently<T>(step: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    for (let wait = 50; !signal.aborted; wait = Math.min(wait * 2, 1000)) {
      try {
        return await step();
      } catch (error) {
        if (!isTransient(error)) throw error;
        this.options.log(`the feed waits for the database: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
    return undefined;
  }
}

function assertDense(after: number, events: readonly StoredEvent[]): void {
  events.forEach((event, i) => {
    if (event.position !== after + 1 + i) {
      throw new Error(`the log has a hole: position ${event.position} follows ${after + i}`);
    }
  });
}
