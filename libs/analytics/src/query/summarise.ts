import { dayOf, startOf } from '../projection/hours.js';
import type { ActiveAggregate, EventTypeFigures, HourFigures } from '../sql/read-figures.js';

/** What the changes are put together by: the hour, the UTC day, or all of the range; always by aggregate type too. */
export type Grouping = 'hour' | 'day' | 'aggregate';

/** `StateMetric` of the contract. `timestamp` is when the bucket begins; a day may begin before the range does. */
export interface StateMetric {
  readonly timestamp: string;
  readonly aggregateType: string;
  readonly changeCount: number;
  readonly uniqueAggregates: number;
  /** The mean of the versions that the changes made. */
  readonly averageVersion: number;
  readonly topEvents: readonly { readonly eventType: string; readonly count: number }[];
}

/** `StateAnalyticsSummary` of the contract. */
export interface StateSummary {
  readonly totalChanges: number;
  readonly totalAggregates: number;
  readonly averageChangesPerAggregate: number;
  readonly mostActiveAggregate?: ActiveAggregate;
  /** The beginning of the hour with the most changes; of equals the first. */
  readonly peakActivityTime?: string;
}

interface Group {
  readonly bucket: number;
  readonly aggregateType: string;
  changes: number;
  versions: number;
  aggregates: number;
}

/** The bucket of an hour. */
function bucketOf(hour: number, grouping: Grouping, fromHour: number): number {
  switch (grouping) {
    case 'hour': return hour;
    case 'day': return dayOf(hour);
    case 'aggregate': return fromHour;
  }
}

/** Of the aggregates that changed in an hour, those whose last change in the bucket it is: each counts once in its bucket. */
function lastIn(hour: HourFigures, grouping: Grouping): number {
  switch (grouping) {
    case 'hour': return hour.aggregates;
    case 'day': return hour.lastOfDay;
    case 'aggregate': return hour.lastOfAll;
  }
}

/** The metrics of each bucket and aggregate type that saw changes, in order of time. */
export function metricsOf(
  hours: readonly HourFigures[], top: readonly EventTypeFigures[], grouping: Grouping, fromHour: number,
): StateMetric[] {
  const groups = new Map<string, Group>();
  for (const hour of hours) {
    const bucket = bucketOf(hour.hour, grouping, fromHour);
    const key = `${bucket} ${hour.aggregateType}`;
    const group = groups.get(key) ?? { bucket, aggregateType: hour.aggregateType, changes: 0, versions: 0, aggregates: 0 };
    group.changes += hour.changes;
    group.versions += hour.versions;
    group.aggregates += lastIn(hour, grouping);
    groups.set(key, group);
  }
  const events = new Map<string, { eventType: string; count: number }[]>();
  for (const { bucket, aggregateType, eventType, changes: count } of top) {
    const key = `${bucket} ${aggregateType}`;
    events.set(key, [...events.get(key) ?? [], { eventType, count }]);
  }
  return [...groups].map(([key, { bucket, aggregateType, changes, versions, aggregates }]) => ({
    timestamp: startOf(bucket).toISOString(), aggregateType, changeCount: changes, uniqueAggregates: aggregates,
    averageVersion: versions / changes,
    topEvents: events.get(key) ?? [],
  })).sort((a, b) => compare(a.timestamp, b.timestamp) || compare(a.aggregateType, b.aggregateType));
}

export function summaryOf(hours: readonly HourFigures[], mostActiveAggregate: ActiveAggregate | undefined): StateSummary {
  const byHour = new Map<number, number>();
  let totalChanges = 0;
  let totalAggregates = 0;
  for (const { hour, changes, lastOfAll } of hours) {
    byHour.set(hour, (byHour.get(hour) ?? 0) + changes);
    totalChanges += changes;
    totalAggregates += lastOfAll;
  }
  const peak = peakOf(byHour);
  return {
    totalChanges, totalAggregates, averageChangesPerAggregate: totalAggregates === 0 ? 0 : totalChanges / totalAggregates,
    ...(mostActiveAggregate && { mostActiveAggregate }),
    ...(peak !== undefined && { peakActivityTime: startOf(peak).toISOString() }),
  };
}

function peakOf(byHour: ReadonlyMap<number, number>): number | undefined {
  let peak: number | undefined;
  for (const [hour, changes] of byHour) {
    const most = peak === undefined ? 0 : byHour.get(peak)!;
    if (changes > most || (changes === most && hour < peak!)) peak = hour;
  }
  return peak;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
