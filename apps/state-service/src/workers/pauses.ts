const QUICK_DEATH_MS = 5_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** How long to wait before a worker is started again: not at all, unless workers die at once, again and again. */
export class Pauses {
  private quickDeaths = 0;

  after(livedMs: number): number {
    if (livedMs >= QUICK_DEATH_MS) {
      this.quickDeaths = 0;
      return 0;
    }
    this.quickDeaths += 1;
    return Math.min(FIRST_PAUSE_MS * 2 ** (this.quickDeaths - 1), LONGEST_PAUSE_MS);
  }
}
