import type { LayeredCache } from '@app/cache';
import type { Metrics } from '@app/observability';

/** Binds what the cache counts to the metrics of the service; read when somebody scrapes. */
export function tellOfCache(metrics: Metrics, cache: LayeredCache): void {
  const { figures } = cache;
  const layers = (read: (layer: typeof figures.l1) => number) => () => ({ l1: read(figures.l1), l2: read(figures.l2) });
  metrics.tally('cache_hits_total', 'Answers of a layer.', layers(({ hits }) => hits), 'layer');
  metrics.tally('cache_misses_total', 'Questions that a layer had no answer to.', layers(({ misses }) => misses), 'layer');
  metrics.tally('cache_fills_total', 'Answers put into a layer.', layers(({ fills }) => fills), 'layer');
  metrics.tally('cache_evictions_total', 'Answers that the layer in memory had no room for. Redis tells of its own.',
    () => ({ l1: figures.l1.evictions }), 'layer');
  metrics.tally('cache_invalidations_total', 'Answers that became old in a layer.',
    layers(({ invalidations }) => invalidations), 'layer');
  metrics.tally('cache_bypasses_total', 'Reads that went to PostgreSQL: strong, for a position, or without a fresh look at the log.',
    () => ({ ...figures.bypasses }), 'why');
  metrics.tally('cache_loads_total', 'Statements that read states from PostgreSQL.', () => figures.loads);
  metrics.tally('cache_loaded_keys_total', 'States read from PostgreSQL.', () => figures.loadedKeys);
  metrics.tally('cache_samples_total', 'Answers compared with PostgreSQL, by what was found.', () => {
    const { checked, stale, wrong, repaired } = figures.samples;
    return { checked, stale, wrong, repaired };
  }, 'found');
  metrics.gauge('cache_staleness_ms', 'How old the oldest answer was that was sampled since the last scrape.', () => figures.takeStalenessMs(),
    { aggregator: 'max' });
  metrics.gauge('cache_bytes', 'What the layer in memory holds. Redis tells of its own.', () => ({ l1: cache.l1.bytes }), 'layer');
  metrics.gauge('cache_entries', 'What the layer in memory holds.', () => ({ l1: cache.l1.entries }), 'layer');
  metrics.gauge('cache_invalidation_lag_ms', 'How old the last look at the log is: what was committed before it is no answer any more.',
    () => cache.lookAgeMs, { aggregator: 'max' });
}
