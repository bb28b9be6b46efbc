import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ANALYTICS_OPTIONS, type AnalyticsOptions } from '../analytics-options.js';
import { HOURS_A_DAY, KEPT_DAYS } from '../projection/hours.js';
import { readLiveBuild } from '../sql/builds.js';
import { atOneMoment } from '../sql/database.js';
import { readMostActive } from '../sql/most-active.js';
import { readHours, readTopEvents } from '../sql/read-figures.js';
import { type Grouping, metricsOf, type StateMetric, type StateSummary, summaryOf } from './summarise.js';
import { firstHourOf, TIME_RANGES, type TimeRange } from './time-range.js';

/** `StateAnalyticsResponse` of the contract. */
export interface StateAnalytics {
  readonly timeRange: TimeRange;
  readonly metrics: readonly StateMetric[];
  readonly summary: StateSummary;
}

const TOP_EVENTS = 5;
/** A longer range is most of what is kept. */
const MOST_HOURS = (KEPT_DAYS * HOURS_A_DAY) / 2;
const HOURS = { hour: 1, day: 24, aggregate: 0 } as const;

/** What changed in a range, of the aggregate types that the asker may see. */
export class GetStateAnalytics extends Query<StateAnalytics> {
  constructor(readonly timeRange: TimeRange, readonly groupBy: Grouping, readonly aggregateTypes: readonly string[]) {
    super();
  }
}

@QueryHandler(GetStateAnalytics)
export class GetStateAnalyticsHandler implements IQueryHandler<GetStateAnalytics> {
  constructor(@Inject(ANALYTICS_OPTIONS) private readonly options: AnalyticsOptions) {}

  async execute({ timeRange, groupBy, aggregateTypes }: GetStateAnalytics): Promise<StateAnalytics> {
    const { pool, now = Date.now } = this.options;
    const fromHour = firstHourOf(timeRange, now());
    return atOneMoment(pool, async (client) => {
      const scope = { build: await readLiveBuild(client), fromHour, aggregateTypes };
      const hours = await readHours(client, scope);
      const top = await readTopEvents(client, scope, { hours: HOURS[groupBy], limit: TOP_EVENTS });
      const mostActive = await readMostActive(client, scope, hours, TIME_RANGES[timeRange] > MOST_HOURS);
      return { timeRange, metrics: metricsOf(hours, top, groupBy, fromHour), summary: summaryOf(hours, mostActive) };
    });
  }
}
