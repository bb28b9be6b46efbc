import type { PoolClient } from 'pg';
import { firstWholeDay } from '../projection/hours.js';
import { ask } from './database.js';

/** Of which build, from which hour on, and of which aggregate types. There is no upper end: clocks of other regions may be ahead. */
export interface Scope {
  readonly build: number;
  readonly fromHour: number;
  readonly aggregateTypes: readonly string[];
}

/** What one hour saw of an aggregate type. */
export interface HourFigures {
  readonly hour: number;
  readonly aggregateType: string;
  readonly changes: number;
  /** The sum of the versions that the changes made. */
  readonly versions: number;
  /** Aggregates that changed in this hour. */
  readonly aggregates: number;
  /** Those whose last change of its UTC day is in this hour. */
  readonly lastOfDay: number;
  /** Those whose last change of all is in this hour. */
  readonly lastOfAll: number;
}

const HOURS = `
  SELECT hour, aggregate_type AS "aggregateType", changes::float8, versions::float8, aggregates::float8,
    last_of_day::float8 AS "lastOfDay", last_of_all::float8 AS "lastOfAll"
  FROM global_state.analytics_hours WHERE build = $3 AND hour >= $1 AND aggregate_type = ANY ($2) ORDER BY hour, aggregate_type`;

/** By hour and aggregate type; hours without changes are left out. */
export function readHours(client: PoolClient, { build, fromHour, aggregateTypes }: Scope): Promise<HourFigures[]> {
  return ask<HourFigures>(client, HOURS, [fromHour, aggregateTypes, build]);
}

/** Events of a type in a bucket, which is named by its first hour. */
export interface EventTypeFigures {
  readonly bucket: number;
  readonly aggregateType: string;
  readonly eventType: string;
  readonly changes: number;
}

const TOP_EVENTS = `
  SELECT bucket, "aggregateType", "eventType", changes::float8 FROM (
    SELECT *, row_number() OVER (PARTITION BY bucket, "aggregateType" ORDER BY changes DESC, "eventType") AS place FROM (
      SELECT CASE $3::integer WHEN 1 THEN hour WHEN 24 THEN hour - hour % 24 ELSE $1::integer END AS bucket,
        aggregate_type AS "aggregateType", event_type AS "eventType", sum(changes) AS changes
      FROM global_state.analytics_event_types WHERE build = $5 AND hour >= $1::integer AND aggregate_type = ANY ($2) GROUP BY 1, 2, 3
    ) AS counted
  ) AS placed WHERE place <= $4 ORDER BY bucket, "aggregateType", place`;

/** The event types with the most events of each bucket and aggregate type, at most `limit` each. @param hours of a bucket; 0: one for all */
export function readTopEvents(
  client: PoolClient, { build, fromHour, aggregateTypes }: Scope, { hours, limit }: { hours: 0 | 1 | 24; limit: number },
): Promise<EventTypeFigures[]> {
  return ask<EventTypeFigures>(client, TOP_EVENTS, [fromHour, aggregateTypes, hours, limit, build]);
}

/** An aggregate and how often it changed. */
export interface ActiveAggregate {
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly changeCount: number;
}

/** Events of a type in a slot of the histogram. */
export interface LatencyFigures {
  readonly eventType: string;
  readonly foreign: boolean;
  readonly slot: number;
  readonly changes: number;
}

const LATENCIES = `
  SELECT event_type AS "eventType", foreign_origin AS foreign, slot, sum(changes)::float8 AS changes
  FROM global_state.analytics_latencies
  WHERE build = $4 AND ((hours = 1 AND hour >= $1 AND hour < $2) OR (hours = 24 AND hour >= $2)) AND aggregate_type = ANY ($3)
  GROUP BY event_type, foreign_origin, slot`;

/** The histogram of each event type: hours up to midnight, then whole days. */
export function readLatencies(client: PoolClient, { build, fromHour, aggregateTypes }: Scope): Promise<LatencyFigures[]> {
  return ask<LatencyFigures>(client, LATENCIES, [fromHour, firstWholeDay(fromHour), aggregateTypes, build]);
}
