/** So long appends may wait for events that are taken in before a swap; the swap itself comes on top. */
const LOCKED_MS = 50;
const TRIES = 5;

/** How many events may be taken in while appends are held back: as many as took that long in the last round before. */
export class SwapPace {
  private perMs: number | undefined;
  private tries = 0;

  /** @param pace see `BuildPace` */
  constructor(private readonly pace: { readonly lockedEvents: number; readonly roundEvents: number }) {}

  /** Where writers are so fast that the rest never gets small, they wait longer in the end: it ends under any load. */
  get most(): number {
    const { lockedEvents, roundEvents } = this.pace;
    const events = this.perMs === undefined ? lockedEvents : Math.max(1, Math.round(this.perMs * LOCKED_MS));
    return Math.min(events * 2 ** Math.floor(this.tries / TRIES), roundEvents);
  }

  /** So many were taken in, in a transaction of such a time. */
  took(events: number, ms: number): void {
    this.perMs = events / Math.max(ms, 1);
  }

  /** There were more. */
  failed(): void {
    this.tries += 1;
  }
}
