/**
 * Reads the metrics of an instance.
 * @returns {Promise<(name: string, labels?: Record<string, string>) => number | undefined>} the sum of the series of that name that have
 *   these labels, or undefined if there is none
 */
export async function readMetrics(port) {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  if (!response.ok) throw new Error(`GET /metrics answered ${response.status}`);
  const series = (await response.text()).split('\n').flatMap((line) => {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    return found ? [{ name: found[1], labels: labelsOf(found[2] ?? ''), value: Number(found[3]) }] : [];
  });
  return (name, labels = {}) => {
    const matching = series.filter((each) => each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value));
    return matching.length === 0 ? undefined : matching.reduce((sum, { value }) => sum + value, 0);
  };
}

const labelsOf = (text) => Object.fromEntries([...text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [key, value]));

/**
 * The share of cached reads that needed no PostgreSQL, between two readings of each instance.
 * @returns {{ figure?: number, why?: string }}
 */
export function hitRate(before, after) {
  const grown = (name, labels) => after.reduce((sum, read, i) =>
    sum + (read(name, labels) ?? Number.NaN) - (before[i](name, labels) ?? 0), 0);
  const [l1, l2] = ['l1', 'l2'].map((layer) => grown('gss_cache_hits_total', { layer }));
  // Without a fresh look at the log nobody asks a layer, and so none counts a miss.
  const missed = grown('gss_cache_misses_total', { layer: 'l1' }) + grown('gss_cache_bypasses_total', { why: 'blind' });
  if (Number.isNaN(l1 + missed)) return { why: 'the service exports no gss_cache_hits_total: it has no cache' };
  return { figure: 100 * (l1 + (Number.isNaN(l2) ? 0 : l2)) / (l1 + missed) };
}
