import { Client } from 'pg';
import { LISTEN } from '../sql/listen.js';

export interface WakeupOptions {
  /** Wakes are given at least this often, in ms, in case a notification was lost. */
  readonly pollMs: number;
  readonly log: (line: string) => void;
}

/**
 * Tells waiters that the log may have grown: on NOTIFY, after every reconnect, and by a poll when all is silent. LISTEN has a
 * direct connection of its own (a pooler would lose it) and is committed before the first wake, so nothing that was
 * committed later goes untold. Reconnects by itself.
 */
export class Wakeup {
  private readonly waiters = new Set<() => void>();
  private client: Client | undefined;
  private closed = false;
  private retry: NodeJS.Timeout | undefined;
  private readonly poll: NodeJS.Timeout;
  /** Wakes given so far: whoever saw a smaller number has news to read. */
  count = 0;

  constructor(private readonly databaseUrl: string, private readonly options: WakeupOptions) {
    this.poll = setInterval(() => this.wake(), options.pollMs);
    this.poll.unref();
    void this.connect();
  }

  /** Resolves at the next wake after `seen`, after `withinMs`, or when the signal aborts. */
  async next(seen: number, signal: AbortSignal, withinMs?: number): Promise<void> {
    if (this.count > seen || signal.aborted || this.closed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.waiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = withinMs === undefined ? undefined : setTimeout(done, withinMs);
      this.waiters.add(done);
      signal.addEventListener('abort', done);
    });
  }

  private wake(): void {
    this.count += 1;
    for (const waiter of [...this.waiters]) waiter();
  }

  private async connect(): Promise<void> {
    const client = new Client({ connectionString: this.databaseUrl, application_name: 'gss-listen', keepAlive: true });
    this.client = client;
    let over = false;
    const again = (error?: Error): void => {
      if (over || this.closed) return;
      over = true;
      this.options.log(`the log's notifications are cut (${error?.message ?? 'connection closed'}); polling, reconnecting`);
      this.retry = setTimeout(() => void this.connect(), 500);
      this.retry.unref();
    };
    client.on('error', again);
    client.on('end', () => again());
    client.on('notification', () => this.wake());
    try {
      await client.connect();
      await client.query(LISTEN);
      this.wake();
    } catch (error) {
      again(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.poll);
    clearTimeout(this.retry);
    this.wake();
    // A connection that is half open rejects; it is gone either way.
    await this.client?.end().catch((error: Error) => this.options.log(`closing the listener: ${error.message}`));
  }
}
