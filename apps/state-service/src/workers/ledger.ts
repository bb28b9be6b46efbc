import type { MetricSnapshot, MetricsSnapshot } from '@app/observability';

/**
 * What workers had counted when they were last heard. A sum over the living alone would fall when one dies, and
 * Prometheus takes a counter that falls for one that began anew: the whole rest would count a second time.
 */
export class Ledger {
  restarts = 0;
  private readonly last = new Map<number, MetricsSnapshot>();
  private retired: MetricsSnapshot = [];

  note(worker: number, snapshot: MetricsSnapshot): void {
    this.last.set(worker, snapshot.filter(({ type }) => type !== 'gauge'));
  }

  retire(worker: number): void {
    this.retired = sum([...this.retired, ...this.last.get(worker) ?? []]);
    this.last.delete(worker);
  }

  /** What belongs to a sum beside the reports that came: the counts of the dead, of the late, and our own figures. */
  rest(answered: number, late: readonly number[]): MetricsSnapshot[] {
    return [this.retired, ...late.map((worker) => this.last.get(worker) ?? []), this.own(answered, late.length)];
  }

  private own(answered: number, late: number): MetricsSnapshot {
    return [
      {
        name: 'gss_workers', help: 'Workers by whether they answered this scrape in time.', type: 'gauge', aggregator: 'sum',
        values: [{ labels: { state: 'answered' }, value: answered }, { labels: { state: 'late' }, value: late }],
      },
      {
        name: 'gss_worker_restarts_total', help: 'Workers that died and were replaced.', type: 'counter', aggregator: 'sum',
        values: [{ labels: {}, value: this.restarts }],
      },
    ];
  }
}

/** Of counters and histograms: one metric a name, one value a series. */
function sum(metrics: MetricsSnapshot): MetricsSnapshot {
  const byName = new Map<string, { metric: MetricSnapshot; values: Map<string, MetricSnapshot['values'][number]> }>();
  for (const metric of metrics) {
    const { values } = byName.get(metric.name) ?? { values: new Map<string, MetricSnapshot['values'][number]>() };
    for (const each of metric.values) {
      const series = JSON.stringify([each.metricName, Object.entries(each.labels).map((pair) => pair.join()).sort()]);
      values.set(series, { ...each, value: each.value + (values.get(series)?.value ?? 0) });
    }
    byName.set(metric.name, { metric, values });
  }
  return [...byName.values()].map(({ metric, values }) => ({ ...metric, values: [...values.values()] }));
}
