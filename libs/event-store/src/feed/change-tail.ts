import { Pool } from 'pg';
import { isTransient } from '../sql/database.js';
import { type Change, type Changes, readChanges } from '../sql/read-changes.js';
import { PARTITION } from '../writer/advance.js';
import type { Wakeup } from './wakeup.js';

/** One look at the end of the log. */
export interface ChangeBatch extends Changes {
  /** When it was asked for, on the monotonic clock (`performance.now()`): whatever was committed before is known now. */
  readonly askedAtMs: number;
  /** Nothing that was committed before `askedAtMs` is still to come. */
  readonly caughtUp: boolean;
  /**
   * The first look, or the first one after one that failed or fell too far behind: what lay between is not in it. Or the first one of
   * another revision: whatever was read before is void.
   */
  readonly restarted: boolean;
}

export interface ChangeTailOptions {
  /** Told of what every look found, before whoever follows. */
  readonly seen?: (changes: readonly Change[]) => void;
  readonly log: (line: string) => void;
}

/** After its rest it waits no longer than this for somebody to wake it. In ms. */
const HEARTBEAT_MS = 40;
/** Rest between two looks: a log that grows all the time is looked at 50 times a second at most, and what changed meanwhile is one look. In ms. */
const REST_MS = 20;
/** Events in one look, at most. */
const STRETCH = 5_000;
/** Who is this many events behind starts anew at the end of the log. */
const TOO_FAR_BEHIND = 50_000;
/** A look that takes longer has failed: the connection is given up. In ms. */
const TIMEOUT_MS = 2_000;

/**
 * Tells an instance which aggregates changed, from the log itself, and how fresh that knowledge is. On a connection of its
 * own: reads that wait for the pool must not make it late.
 */
export class ChangeTail {
  private readonly pool: Pool;
  private failing = false;

  constructor(databaseUrl: string, private readonly wakeup: Wakeup, private readonly options: ChangeTailOptions) {
    this.pool = new Pool({
      connectionString: databaseUrl, max: 1, application_name: 'gss-feed', connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS, keepAlive: true,
    });
    this.pool.on('error', (error) => options.log(`the idle connection of the feed broke: ${error.message}`));
  }

  /**
   * Looks at the log until the signal aborts, beginning at its end. After a look that failed it begins at the end again.
   * @throws Error when the log has a hole
   */
  async *follow(signal: AbortSignal): AsyncGenerator<ChangeBatch> {
    let last: ChangeBatch | undefined;
    while (!signal.aborted) {
      const seen = this.wakeup.count;
      const batch: ChangeBatch | undefined = await this.look(last);
      last = batch;
      if (batch) this.options.seen?.(batch.changes);
      if (batch) yield batch;
      if (batch && !batch.caughtUp) continue;
      await pause(batch ? REST_MS : HEARTBEAT_MS);
      await this.wakeup.next(seen, signal, HEARTBEAT_MS);
    }
  }

  /** The changes between two positions, to make up for what was missed; `undefined` if they are more than `limit` events. */
  async between(after: number, upTo: number, limit: number): Promise<Changes | undefined> {
    if (upTo - after > limit) return undefined;
    return readChanges(this.pool, PARTITION, after, upTo - after);
  }

  private async look(last: ChangeBatch | undefined): Promise<ChangeBatch | undefined> {
    const after = last?.upTo;
    const askedAtMs = performance.now();
    try {
      // From beyond the end nothing comes but where the end is.
      const found = await readChanges(this.pool, PARTITION, after ?? Number.MAX_SAFE_INTEGER, STRETCH);
      this.failing = false;
      const lost = last === undefined || found.head < last.upTo || found.head - found.upTo > TOO_FAR_BEHIND ||
        found.revision !== last.revision;
      if (!lost) return { ...found, askedAtMs, caughtUp: found.upTo >= found.head, restarted: false };
      return { ...found, changes: [], upTo: found.head, askedAtMs, caughtUp: true, restarted: true };
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (!this.failing) this.options.log(`the feed waits for the database: ${String(error)}`);
      this.failing = true;
      return undefined;
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
