import { ABSENT, type Entry } from './entry.js';
import type { CacheFigures } from './figures.js';
import type { CachePorts } from './ports.js';

/** An answer that was old for longer than this is an error of ours: caches promise 150 ms. In ms. */
const TOLERATED_MS = 2_000;
/** Comparisons a second, at most. */
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
    const staleMs = truth.version > answered.version
      ? await this.ports.source.staleFor(key, answered.version) ?? 0
      : Number.POSITIVE_INFINITY; // the database has never said what was answered
    if (Number.isFinite(staleMs)) this.figures.stalenessMs = Math.max(this.figures.stalenessMs, staleMs);
    this.figures.stale += 1;
    // Too old only if it is still being given out: the answer was true when it was given.
    if (staleMs <= TOLERATED_MS || this.cache.peek(key) !== answered) return 'late';
    this.figures.wrong += 1;
    this.figures.repaired += 1;
    this.cache.repair(key);
    this.ports.log('error', `the cache had ${key} at version ${answered.version}, the database at ${truth.version}: dropped`);
    return 'wrong';
  }
}
