import { Access, authorize, CurrentPrincipal, type Principal } from '@app/auth';
import { AGGREGATE_TYPES, type AggregateType } from '@app/kernel';
import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { type EventAnalytics, GetEventAnalytics } from '../query/get-event-analytics.js';
import { GetStateAnalytics, type StateAnalytics } from '../query/get-state-analytics.js';
import { Describe } from './openapi.js';
import { EventAnalyticsQuery, StateAnalyticsQuery } from './schemas.js';

const RANGE = 'A range reaches back to the beginning of the UTC hour in which it starts. Events of this region count at their commit, '
  + 'those of other regions at the time they carry, however late they came. The figures follow the log by less than a second.';

@ApiTags('analytics')
@ApiBearerAuth()
@Access('read')
@Controller('analytics')
export class AnalyticsController {
  constructor(private readonly queries: QueryBus) {}

  @Get('state-changes')
  @Describe({
    id: 'getStateChangeAnalytics', summary: 'How state changed: by hour, by day or over the whole range, for each aggregate type',
    description: `${RANGE} Counts are exact. \`groupBy=aggregate\` gives one metric for each aggregate type over the whole range.`,
    schema: 'StateAnalyticsResponse',
  })
  stateChanges(
    @Query({ schema: StateAnalyticsQuery }) { aggregateType, timeRange = '24h', groupBy = 'hour' }: z.output<typeof StateAnalyticsQuery>,
    @CurrentPrincipal() principal: Principal,
  ): Promise<StateAnalytics> {
    return this.queries.execute(new GetStateAnalytics(timeRange, groupBy, readable(principal, aggregateType)));
  }

  @Get('events')
  @Describe({
    id: 'getEventAnalytics', summary: 'Throughput and processing latency of events, in all and by event type',
    description: `${RANGE} The latency of an event is from the moment it was decided, by the hybrid logical clock it carries, to its commit.`,
    schema: 'EventAnalyticsResponse',
  })
  events(
    @Query({ schema: EventAnalyticsQuery }) { aggregateType, timeRange = '24h' }: z.output<typeof EventAnalyticsQuery>,
    @CurrentPrincipal() principal: Principal,
  ): Promise<EventAnalytics> {
    return this.queries.execute(new GetEventAnalytics(timeRange, readable(principal, aggregateType)));
  }
}

/** @throws ServiceError FORBIDDEN for a type that the token may not read as a whole */
function readable(principal: Principal, aggregateType: AggregateType | undefined): readonly AggregateType[] {
  if (aggregateType === undefined) return principal.aggregateTypes ?? AGGREGATE_TYPES;
  authorize(principal, 'read', { aggregateType });
  return [aggregateType];
}
