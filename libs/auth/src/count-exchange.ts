import { Logger } from '@nestjs/common';
import type { SharedCounts } from './shared-counts.js';

const INTERVAL_MS = 250;
/** A call that takes longer than this is an outage. */
const SLOW_MS = 1000;

/** A subject's requests in one window. */
export interface Count {
  readonly window: number;
  /** Counted here. */
  own: number;
  /** Of `own`, what the other instances were told. */
  sent: number;
  /** What they have told. */
  others: number;
}

/**
 * Tells the other instances what was counted here and learns what they counted: one call each 250 ms for the subjects
 * that were active, one call at a time. While calls fail or hang, each instance counts alone.
 *
 * What went into a call that failed is not sent again, as it may have arrived: after an outage the others know too
 * little of the running minute, and never too much, so that nobody is refused for what was counted twice.
 */
export class CountExchange {
  private readonly logger = new Logger(CountExchange.name);
  private readonly timer: NodeJS.Timeout;
  /** Bounded by the subjects that `RateLimit` knows. */
  private readonly active = new Map<string, Count>();
  private calledAt: number | undefined;
  private failing = false;

  constructor(private readonly shared: SharedCounts) {
    this.timer = setInterval(() => this.tick(), INTERVAL_MS);
    this.timer.unref();
  }

  note(subject: string, count: Count): void {
    // One more than was sent: the first since the last call.
    if (count.own === count.sent + 1) this.active.set(subject, count);
  }

  forget(subject: string): void {
    this.active.delete(subject);
  }

  stop(): void {
    clearInterval(this.timer);
    this.active.clear();
  }

  private tick(): void {
    if (this.calledAt === undefined) void this.exchange();
    else if (performance.now() - this.calledAt > SLOW_MS) this.fail('no answer yet');
  }

  private async exchange(): Promise<void> {
    const batch = this.take();
    if (batch.counts.size === 0) return;
    this.calledAt = performance.now();
    try {
      const totals = await this.shared.add(String(batch.window), batch.deltas);
      for (const [subject, count] of batch.counts) count.others = Math.max(0, (totals.get(subject) ?? 0) - count.sent);
      this.failing = false;
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    } finally {
      this.calledAt = undefined;
    }
  }

  /** The active counts of the newest window; those of a window that is over matter to nobody. */
  private take() {
    const window = Math.max(...new Set([...this.active.values()].map((count) => count.window)));
    const counts = new Map<string, Count>();
    const deltas = new Map<string, number>();
    for (const [subject, count] of this.active) {
      if (count.window !== window) continue;
      counts.set(subject, count);
      deltas.set(subject, count.own - count.sent);
      count.sent = count.own;
    }
    this.active.clear();
    return { window, counts, deltas };
  }

  private fail(why: string): void {
    if (!this.failing) this.logger.warn(`rate limits are counted by this instance alone: ${why}`);
    this.failing = true;
  }
}
