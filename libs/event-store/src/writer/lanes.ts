/** A group that is under way for longer, in ms, waits for something of its own. */
const SLOW_GROUP_MS = 20;

/**
 * The groups under way. They wait for one another at the head's lock: a small one gains nothing by going beside another, and as part of the
 * next one it costs no commit of its own (docs/decisions/0004).
 */
export class Lanes {
  private taken = 0;
  private enteredMs = 0;

  /** @param slow called when a group has been under way for so long that the next one need not wait for it */
  constructor(private readonly options: { readonly lanes: number; readonly maxGroupEvents: number }, private readonly slow: () => void) {}

  /** Whether a group of so many aggregates goes now. */
  takes(ready: number): boolean {
    const { lanes, maxGroupEvents } = this.options;
    if (ready === 0 || this.taken === lanes) return false;
    return this.taken === 0 || ready >= maxGroupEvents / 2 || performance.now() - this.enteredMs >= SLOW_GROUP_MS;
  }

  /** @returns to be called when the group is done */
  enter(): () => void {
    this.taken += 1;
    this.enteredMs = performance.now();
    const late = setTimeout(this.slow, SLOW_GROUP_MS + 1); // timers may be early by a part of a ms
    return () => {
      clearTimeout(late);
      this.taken -= 1;
    };
  }
}
