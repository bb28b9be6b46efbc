import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ANALYTICS_OPTIONS, type AnalyticsOptions } from '../analytics-options.js';
import { startOf } from '../projection/hours.js';
import { readLiveBuild } from '../sql/builds.js';
import { atOneMoment } from '../sql/database.js';
import { readHours, readLatencies, readTopEvents } from '../sql/read-figures.js';
import { type Latency, latenciesOf } from './latencies.js';
import { firstHourOf, type TimeRange } from './time-range.js';

/** Events of one type, whatever aggregates they belong to. */
export interface EventTypeAnalytics {
  readonly eventType: string;
  readonly count: number;
  readonly eventsPerSecond: number;
  /** Absent if all came from other regions. */
  readonly processingLatencyMs?: Latency;
}

export interface EventAnalytics {
  readonly timeRange: TimeRange;
  readonly from: string;
  readonly to: string;
  readonly totalEvents: number;
  readonly eventsPerSecond: number;
  readonly throughput: readonly { readonly timestamp: string; readonly count: number; readonly eventsPerSecond: number }[];
  readonly processingLatencyMs?: Latency;
  readonly replicationLatencyMs?: Latency;
  readonly byEventType: readonly EventTypeAnalytics[];
}

const EVENT_TYPES = 100;
const HOUR_S = 3600;

/** How many events there were in a range and how long they took, of the aggregate types that the asker may see. */
export class GetEventAnalytics extends Query<EventAnalytics> {
  constructor(readonly timeRange: TimeRange, readonly aggregateTypes: readonly string[]) {
    super();
  }
}

@QueryHandler(GetEventAnalytics)
export class GetEventAnalyticsHandler implements IQueryHandler<GetEventAnalytics> {
  constructor(@Inject(ANALYTICS_OPTIONS) private readonly options: AnalyticsOptions) {}

  async execute({ timeRange, aggregateTypes }: GetEventAnalytics): Promise<EventAnalytics> {
    const now = (this.options.now ?? Date.now)();
    const fromHour = firstHourOf(timeRange, now);
    const [hours, types, latencies] = await atOneMoment(this.options.pool, async (client) => {
      const scope = { build: await readLiveBuild(client), fromHour, aggregateTypes };
      return [
        await readHours(client, scope), await readTopEvents(client, scope, { hours: 0, limit: Number.MAX_SAFE_INTEGER }),
        latenciesOf(await readLatencies(client, scope)),
      ] as const;
    });
    const perSecond = rates(now, fromHour);
    const byHour = sums(hours, ({ hour }) => hour);
    const byType = sums(types, ({ eventType }) => eventType);
    const totalEvents = [...byHour.values()].reduce((sum, count) => sum + count, 0);
    return {
      timeRange, from: startOf(fromHour).toISOString(), to: new Date(now).toISOString(), totalEvents,
      eventsPerSecond: perSecond(totalEvents),
      throughput: [...byHour].map(([hour, count]) =>
        ({ timestamp: startOf(hour).toISOString(), count, eventsPerSecond: rates(now, hour, 1)(count) })),
      processingLatencyMs: latencies.here, replicationLatencyMs: latencies.foreign,
      byEventType: [...byType].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, EVENT_TYPES).map(([eventType, count]) =>
        ({ eventType, count, eventsPerSecond: perSecond(count), processingLatencyMs: latencies.byEventType.get(eventType) })),
    };
  }
}

/** Events a second from an hour on, until now or until so many hours have passed. */
function rates(now: number, fromHour: number, hours = Infinity): (count: number) => number {
  const passed = (now - startOf(fromHour).getTime()) / 1000;
  // An hour that has only begun, or that a clock of another region has begun already, counts as a second.
  const seconds = Math.max(1, Math.min(passed, hours * HOUR_S));
  return (count) => count / seconds;
}

function sums<Row extends { readonly changes: number }, Key>(rows: readonly Row[], keyOf: (row: Row) => Key): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const row of rows) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + row.changes);
  return counts;
}
