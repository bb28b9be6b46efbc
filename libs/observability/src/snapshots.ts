import { type Aggregator, AggregatorRegistry } from 'prom-client';

/** One metric as it stands, as plain data that can go to another process. */
export interface MetricSnapshot {
  readonly name: string;
  readonly help: string;
  /** `counter`, `gauge`, `histogram` or `summary`. */
  readonly type: string;
  /** What the figures of several processes come to. */
  readonly aggregator: Aggregator;
  readonly values: readonly {
    readonly value: number;
    readonly labels: Readonly<Record<string, string | number>>;
    /** Of a series of a histogram: the metric's name with its suffix. */
    readonly metricName?: string;
  }[];
}

/** All metrics of one process. */
export type MetricsSnapshot = readonly MetricSnapshot[];

/** The figures of several processes as one Prometheus text, each metric by its aggregator. */
export function renderSum(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate([...snapshots]).metrics();
}
