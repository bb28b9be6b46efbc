import type { Pool } from 'pg';
import type { AuditOptions } from './audit-options.js';
import { dropPartitions, makePartitions } from './sql/partitions.js';

const DAY_MS = 24 * 3_600_000;
/** Days that are made ahead, beside the running one. A write makes its own where none was. */
const AHEAD = 3;
const EVERY_MS = 3_600_000;
const RETRY_MS = 60_000;

/** Makes the partitions of the days to come and drops those that are old enough, on whichever instance comes to it first. */
export class PartitionKeeper {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly pool: Pool, private readonly options: Pick<AuditOptions, 'retentionDays' | 'say' | 'now'>) {}

  /** Does it now and then every hour, in the background. */
  start(): void {
    this.running = this.keep().then(
      () => this.again(EVERY_MS),
      (error: unknown) => {
        // A process that ends takes its connections along.
        if (!this.isStopped) this.options.say('warn', `the partitions of the audit log are looked after later: ${String(error)}`);
        this.again(RETRY_MS);
      });
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** @returns the partitions that were dropped */
  async keep(): Promise<string[]> {
    const now = (this.options.now ?? Date.now)();
    await makePartitions(this.pool, Array.from({ length: 1 + AHEAD }, (_, days) => new Date(now + days * DAY_MS)));
    return dropPartitions(this.pool, new Date(now - this.options.retentionDays * DAY_MS));
  }

  private again(afterMs: number): void {
    if (!this.isStopped) this.timer = setTimeout(() => this.start(), afterMs).unref();
  }
}
