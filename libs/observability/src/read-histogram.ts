import type { Aggregator, MetricValue } from 'prom-client';

/** What was observed under one set of labels, in plain numbers. */
export interface Distribution {
  readonly labels?: Readonly<Record<string, string | number>>;
  /** Upper bounds of the buckets, ascending. */
  readonly bounds: readonly number[];
  /** How many fell into each; one more than bounds, for what is beyond all. */
  readonly buckets: Float64Array;
  readonly sum: number;
}

/**
 * A histogram whose owner counts in plain numbers, made a metric at a scrape: prom-client hashes the labels of every
 * observation, which was a tenth of an answer from memory (docs/decisions/0012).
 */
export class ReadHistogram {
  readonly type = 'histogram';
  readonly aggregator: Aggregator = 'sum';

  constructor(readonly name: string, readonly help: string, private readonly read: () => Iterable<Distribution>) {}

  /** As a registry of prom-client takes it. */
  async get() {
    const values: MetricValue<string>[] = [];
    for (const distribution of this.read()) values.push(...this.valuesOf(distribution));
    return { name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values };
  }

  /** Part of a registry's reset; the figures are their owner's. */
  reset(): void {}

  private valuesOf({ labels = {}, bounds, buckets, sum }: Distribution) {
    let count = 0;
    const values = [...bounds, '+Inf'].map((le, bucket) => {
      count += buckets[bucket]!;
      return { metricName: `${this.name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [...values, { metricName: `${this.name}_sum`, labels, value: sum }, { metricName: `${this.name}_count`, labels, value: count }];
  }
}
