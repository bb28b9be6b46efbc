const WINDOW_MS = 10_000;

/** Speed over the last ten seconds, not since the start: what is left takes as long as the work takes now. */
export class Rate {
  private readonly samples: { readonly at: number; readonly done: number }[] = [];

  /** @param at in ms, on any clock that does not go back */
  add(done: number, at: number): void {
    this.samples.push({ at, done });
    while (this.samples.length > 2 && this.samples[1]!.at <= at - WINDOW_MS) this.samples.shift();
  }

  /** 0 until there are two samples, and never below. */
  get perSecond(): number {
    const [first] = this.samples;
    const last = this.samples.at(-1);
    if (!first || !last || last.at <= first.at) return 0;
    return Math.max(0, ((last.done - first.done) * 1000) / (last.at - first.at));
  }
}
