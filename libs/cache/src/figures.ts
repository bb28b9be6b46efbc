export type Layer = 'l1' | 'l2';

/** Counters of one layer, from the start of the process. */
export class LayerFigures {
  hits = 0;
  misses = 0;
  fills = 0;
  /** Of L2 none are counted here: Redis makes room by itself, and its INFO tells. */
  evictions = 0;
  invalidations = 0;
}

/** What the cache tells of itself. Plain numbers: a hit must not cost a label lookup. */
export class CacheFigures {
  readonly l1 = new LayerFigures();
  readonly l2 = new LayerFigures();
  /** Reads that demanded PostgreSQL. */
  readonly bypasses = { strong: 0, position: 0, blind: 0 };
  /** Keys read from PostgreSQL, and the statements that did it. */
  loadedKeys = 0;
  loads = 0;
  readonly samples = { checked: 0, stale: 0, wrong: 0, repaired: 0, stalenessMs: 0 };

  /** How old the oldest sampled answer was, since this was asked last. */
  takeStalenessMs(): number {
    const { stalenessMs } = this.samples;
    this.samples.stalenessMs = 0;
    return stalenessMs;
  }

  /** Answers from memory or Redis over all reads that did not demand PostgreSQL; `undefined` before the first one. */
  get hitRate(): number | undefined {
    const { l1, l2, bypasses } = this;
    const reads = l1.hits + l1.misses + bypasses.blind;
    return reads === 0 ? undefined : (l1.hits + l2.hits) / reads;
  }
}
