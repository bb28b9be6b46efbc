const TICK_MS = 100;
/** The rate is taken over this many ticks: one second. */
const TICKS = 10;
/**
 * Always let in: four rounds of full groups on both lanes (128 events each), which even a disk that takes 100 ms for a
 * commit gets done in half a second. Below that the queue says nothing about overload.
 */
const FLOOR = 1024;

/** The append path, as far as its queue goes. */
export interface Appends {
  /** Commands without a verdict. */
  readonly queueDepth: number;
  /** Commands that have had their verdict since the start. */
  readonly settled: number;
}

/**
 * Whether a command that came now would wait longer than about a second: more wait than were settled in the last
 * second. Not the age of the oldest, because one hot or locked aggregate makes its own commands old and no others.
 */
export class AppendQueue {
  private readonly counts: number[] = [];
  private readonly timer = setInterval(() => this.tick(), TICK_MS).unref();

  constructor(private readonly appends: Appends) {
    this.counts.push(appends.settled);
  }

  get isFull(): boolean {
    const { queueDepth, settled } = this.appends;
    return queueDepth >= FLOOR && queueDepth > settled - this.counts[0]!;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    this.counts.push(this.appends.settled);
    if (this.counts.length > TICKS) this.counts.shift();
  }
}
