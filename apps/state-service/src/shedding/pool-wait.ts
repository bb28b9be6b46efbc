const TICK_MS = 50;
const LIMIT_MS = 500;

/** What is asked of a pool of connections; `pg`'s is one. */
export interface Connections {
  readonly waitingCount: number;
  connect(): Promise<{ release(): void }>;
}

/** Reads of states: they share a few statements, so that most wait for those and not for a connection. */
export interface StateReads {
  readonly loadWaitMs: number;
}

/**
 * How long a read waits: for a connection of the pool, or a state for its statement. A count of those who wait for a connection
 * does not say: so while any do, one of ours stands in the queue with them, and gives its connection back unused.
 */
export class PoolWait {
  private readonly timer = setInterval(() => this.tick(), TICK_MS).unref();
  private standingSince: number | undefined;
  private lastMs = 0;

  constructor(private readonly pool: Connections, private readonly states: StateReads) {}

  /** Whether a read that came now would wait too long. */
  get isLong(): boolean {
    return this.states.loadWaitMs > LIMIT_MS || (this.pool.waitingCount > 0 && this.waitMs > LIMIT_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private get waitMs(): number {
    const { standingSince, lastMs } = this;
    return standingSince === undefined ? lastMs : Math.max(lastMs, performance.now() - standingSince);
  }

  private tick(): void {
    if (this.standingSince !== undefined) return;
    if (this.pool.waitingCount > 0) void this.stand();
    else this.lastMs = 0;
  }

  private async stand(): Promise<void> {
    const since = performance.now();
    this.standingSince = since;
    try {
      (await this.pool.connect()).release();
    } catch {
      // Who asked for data hears of the database; here only the time counts.
    }
    this.standingSince = undefined;
    this.lastMs = performance.now() - since;
  }
}
