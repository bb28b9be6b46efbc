import { AGGREGATE_TYPES } from '@app/kernel';
import { z } from 'zod';
import { TIME_RANGES, type TimeRange } from '../query/time-range.js';

const aggregateType = z.enum(AGGREGATE_TYPES);
const timeRange = z.enum(Object.keys(TIME_RANGES) as [TimeRange, ...TimeRange[]]);

const asked = {
  aggregateType: aggregateType.optional().describe('Without it, all types that the token may read.'),
  timeRange: timeRange.optional().meta({ default: '24h' }),
};

export const StateAnalyticsQuery = z.strictObject({
  ...asked, groupBy: z.enum(['hour', 'day', 'aggregate']).optional().meta({ default: 'hour' }),
});

export const EventAnalyticsQuery = z.strictObject(asked);

export const NoQuery = z.strictObject({});

const time = z.string().meta({ format: 'date-time' });
const id = z.string().meta({ format: 'uuid' });
const count = z.number().int().min(0);
const amount = z.number().min(0);
const eventType = z.string();

const StateMetricBody = z.object({
  timestamp: time.describe('When the hour or the UTC day begins; by aggregate type, when the range begins'),
  aggregateType,
  changeCount: count,
  uniqueAggregates: count.optional().describe('Aggregates that changed, each once'),
  averageVersion: amount.optional().describe('The mean of the versions that the changes made'),
  topEvents: z.array(z.object({ eventType, count })).optional().describe('The five event types with the most events'),
}).meta({ id: 'StateMetric' });

const SummaryBody = z.object({
  totalChanges: count,
  totalAggregates: count,
  averageChangesPerAggregate: amount,
  mostActiveAggregate: z.object({ aggregateType, aggregateId: id, changeCount: count }).optional(),
  peakActivityTime: time.optional().describe('The beginning of the hour with the most changes'),
}).meta({ id: 'StateAnalyticsSummary' });

const StateAnalyticsBody = z.object({
  timeRange, metrics: z.array(StateMetricBody), summary: SummaryBody.optional(),
}).meta({ id: 'StateAnalyticsResponse' });

const LatencyBody = z.object({ p50: amount, p95: amount, p99: amount })
  .meta({ id: 'LatencyQuantiles', description: 'In ms, exact below 16 ms, within 6.25 % above' });

const EventAnalyticsBody = z.object({
  timeRange,
  from: time,
  to: time,
  totalEvents: count,
  eventsPerSecond: amount,
  throughput: z.array(z.object({ timestamp: time, count, eventsPerSecond: amount })).describe('By hour; hours without events are left out'),
  processingLatencyMs: LatencyBody.optional().describe('Of events made in this region: from decided to durable'),
  replicationLatencyMs: LatencyBody.optional().describe('Of events of other regions: from decided there to durable here'),
  byEventType: z.array(z.object({ eventType, count, eventsPerSecond: amount, processingLatencyMs: LatencyBody.optional() }))
    .describe('The hundred event types with the most events'),
}).meta({ id: 'EventAnalyticsResponse' });

const ProjectionBody = z.object({
  name: z.string(),
  partition: count,
  position: count.describe('Of the last event it handled'),
  head: count.describe('Of the newest event of the log'),
  lag: z.object({ events: count, seconds: amount.describe('Since the oldest event that is not handled was committed') }),
  gaps: z.object({ checked: count, found: count, dense: z.boolean() })
    .describe('Of the newest positions it handled, how many were counted in the log just now, and how many are there'),
  parked: count.describe('Aggregates that it could not handle and is not given any more: see `/dead-letters`'),
  unmovedSeconds: amount.describe('Since its checkpoint moved'),
  stalled: z.boolean().describe('It failed on the instance that answers, or has work and did not move for a minute'),
  stall: z.object({ reason: z.string(), since: time, failures: count }).optional().describe('What failed on the instance that answers'),
}).meta({ id: 'Projection' });
export type ProjectionBody = z.output<typeof ProjectionBody>;

const ProjectionsBody = z.object({ projections: z.array(ProjectionBody) }).meta({ id: 'ProjectionList' });

/** The components of the OpenAPI document that this lib's routes refer to, by name. */
export function analyticsOpenApiSchemas(): Record<string, Record<string, unknown>> {
  const registry = z.registry<{ id: string }>();
  for (const schema of [
    StateMetricBody, SummaryBody, StateAnalyticsBody, LatencyBody, EventAnalyticsBody, ProjectionBody, ProjectionsBody,
  ]) registry.add(schema, { id: z.globalRegistry.get(schema)!.id! });
  const { schemas } = z.toJSONSchema(registry, {
    target: 'openapi-3.0', io: 'input', unrepresentable: 'any', uri: (name) => `#/components/schemas/${name}`,
  });
  return Object.fromEntries(Object.entries(schemas).map(([name, { $id: _id, $schema: _schema, id: _name, ...rest }]) => [name, rest]));
}
