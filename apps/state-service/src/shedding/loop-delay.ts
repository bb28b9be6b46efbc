const TICK_MS = 20;
/** A turn of the event loop that has lasted this long takes no more work, once there is overload: docs/decisions/0013. */
const LIMIT_MS = 250;
/** Overload is when no turn was shorter than the limit for this long; one long turn alone is a hiccup, whose backlog is done soon. */
const PATIENCE_MS = 1000;

/**
 * How late the event loop is. A timer says how long the turn before was, for those who waited through it; while a turn
 * lasts, the time by which the timer is overdue says it of this one, so that a turn is cut off when it has become too long.
 */
export class LoopDelay {
  private due = Number.POSITIVE_INFINITY;
  private last = 0;
  /** Since when every turn was too long. */
  private longSince: number | undefined;
  private overloadEnds = 0;
  private peaks = { now: 0, before: 0 };
  private windowEnds = 0;
  private timer: NodeJS.Timeout | undefined;

  /** To be called when the service listens: the start is one long turn that nobody waits for. */
  start(): void {
    this.due = performance.now() + TICK_MS;
    this.timer ??= setInterval(() => this.tick(), TICK_MS).unref();
  }

  /** Whether what has come has waited too long, in an overload that lasts. */
  get isLong(): boolean {
    const now = performance.now();
    const late = Math.max(this.last, now - this.due);
    return late > LIMIT_MS && (now < this.overloadEnds || now - (this.longSince ?? this.due) > PATIENCE_MS);
  }

  /** The longest of the last one to two seconds, in ms. */
  get peak(): number {
    return Math.max(this.peaks.now, this.peaks.before, performance.now() - this.due);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const now = performance.now();
    this.last = Math.max(0, now - this.due);
    this.judge(now);
    if (now > this.windowEnds) {
      this.peaks = { now: 0, before: this.peaks.now };
      this.windowEnds = now + PATIENCE_MS;
    }
    this.peaks.now = Math.max(this.peaks.now, this.last);
    this.due = now + TICK_MS;
  }

  /** Shedding makes turns shorter, so overload is over only when for a while none came near the limit. */
  private judge(now: number): void {
    if (this.last > LIMIT_MS) this.longSince ??= this.due;
    else this.longSince = undefined;
    const begins = this.longSince !== undefined && now - this.longSince > PATIENCE_MS;
    const goesOn = now < this.overloadEnds && this.last > LIMIT_MS / 2;
    if (begins || goesOn) this.overloadEnds = now + PATIENCE_MS;
  }
}
