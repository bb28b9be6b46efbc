import { quantile } from '../projection/latency-slots.js';
import type { LatencyFigures } from '../sql/read-figures.js';

/** Quantiles in ms, each within `SLOT_ERROR` of the exact one. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface Latencies {
  /** Of events that were made here: from decided to durable. */
  readonly here?: Latency;
  /** Of events of other regions: from decided there to durable here. */
  readonly foreign?: Latency;
  /** Of those made here. */
  readonly byEventType: ReadonlyMap<string, Latency>;
}

type Counts = Map<number, number>;

export function latenciesOf(figures: readonly LatencyFigures[]): Latencies {
  const here: Counts = new Map();
  const foreign: Counts = new Map();
  const byEventType = new Map<string, Counts>();
  for (const figure of figures) {
    if (figure.foreign) {
      add(foreign, figure);
      continue;
    }
    const counts: Counts = byEventType.get(figure.eventType) ?? new Map();
    byEventType.set(figure.eventType, counts);
    add(here, figure);
    add(counts, figure);
  }
  const told = [...byEventType].map(([type, counts]) => [type, latencyOf(counts)!] as const);
  return { here: latencyOf(here), foreign: latencyOf(foreign), byEventType: new Map(told) };
}

function add(counts: Counts, { slot, changes }: LatencyFigures): void {
  counts.set(slot, (counts.get(slot) ?? 0) + changes);
}

function latencyOf(counts: Counts): Latency | undefined {
  const p50 = quantile(counts, 0.5);
  if (p50 === undefined) return undefined;
  return { p50, p95: quantile(counts, 0.95)!, p99: quantile(counts, 0.99)! };
}
