import { setTimeout as sleep } from 'node:timers/promises';
import { ABSENT, type Entry } from './entry.js';
import type { CacheFigures } from './figures.js';
import type { CachePorts } from './ports.js';

/** An answer that was old for longer than this is an error of ours: caches promise 150 ms. In ms. */
const TOLERATED_MS = 2_000;
/** Comparisons that begin in a second, at most. */
const MOST_EACH_SECOND = 20;

/** What the sampler does about an answer that is wrong. */
export interface Sampled {
  peek(key: string): Entry | undefined;
  repair(key: string): void;
}

/**
 * Compares a small share of the cache's answers with PostgreSQL: how old they were, and whether they said the same. What it
 * finds to be old for longer than 2 s, or to differ at the same version, is logged as an error and dropped.
 */
export class Sampler {
  private second = 0;
  private taken = 0;

  constructor(
    private readonly cache: Sampled, private readonly ports: CachePorts, private readonly figures: CacheFigures['samples'],
    private readonly pause: () => Promise<unknown> = () => sleep(TOLERATED_MS, undefined, { ref: false }),
  ) {}

  /** An answer that was given just now. */
  see(key: string, entry: Entry): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.taken = 0;
    }
    if (this.taken >= MOST_EACH_SECOND) return;
    this.taken += 1;
    // While the database is away there is nothing to compare with; the reads say so themselves.
    this.compare(key, entry).catch((error: unknown) => this.ports.log('warn', `a sample was not compared: ${String(error)}`));
  }

  /** @returns whether the answer was right, late, or wrong */
  async compare(key: string, answered: Entry): Promise<'right' | 'late' | 'wrong'> {
    const truth = (await this.ports.load([key])).get(key) ?? ABSENT;
    this.figures.checked += 1;
    if (truth.version === answered.version && truth.body === answered.body) return 'right';
    this.figures.stale += 1;
    if (!await this.isTooOld(key, answered, truth)) return 'late';
    // Only if it is still being given out: the answer was true when it was given.
    if (this.cache.peek(key) !== answered) return 'late';
    this.figures.wrong += 1;
    this.figures.repaired += 1;
    this.cache.repair(key);
    this.ports.log('error', `the cache had ${key} at version ${answered.version}, the database at ${truth.version}: dropped`);
    return 'wrong';
  }

  private async isTooOld(key: string, answered: Entry, truth: Entry): Promise<boolean> {
    if (truth.version <= answered.version) {
      // The database says otherwise of the same events. It may just have changed to another build of the states, which the
      // next look tells: what is still given out after this has missed that.
      await this.pause();
      return true;
    }
    const staleMs = await this.ports.source.staleFor(key, answered.version) ?? 0;
    this.figures.stalenessMs = Math.max(this.figures.stalenessMs, staleMs);
    return staleMs > TOLERATED_MS;
  }
}
