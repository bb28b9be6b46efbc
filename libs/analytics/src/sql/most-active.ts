import type { PoolClient } from 'pg';
import { dayOf, firstWholeDay } from '../projection/hours.js';
import { ask } from './database.js';
import type { ActiveAggregate, HourFigures, Scope } from './read-figures.js';
import { searchFromTop } from './search-from-top.js';

const MOST_ACTIVE = `
  SELECT aggregate_type AS "aggregateType", aggregate_id AS "aggregateId", sum(changes)::float8 AS "changeCount" FROM (
    SELECT aggregate_type, aggregate_id, changes FROM global_state.analytics_hour_aggregates
    WHERE build = $4 AND hour >= $1 AND hour < $2 AND aggregate_type = ANY ($3)
    UNION ALL
    SELECT aggregate_type, aggregate_id, changes FROM global_state.analytics_day_aggregates
    WHERE build = $4 AND day >= $2 AND aggregate_type = ANY ($3)
  ) AS parts GROUP BY aggregate_type, aggregate_id
  ORDER BY sum(changes) DESC, aggregate_type, aggregate_id LIMIT 1`;

/** For a range that is most of what is kept: all that is kept of an aggregate, less what lies before the range. */
const MOST_ACTIVE_OF_ALL = `
  SELECT aggregate_type AS "aggregateType", aggregate_id AS "aggregateId",
    (known.changes - coalesce(before.changes, 0))::float8 AS "changeCount"
  FROM global_state.analytics_aggregates AS known LEFT JOIN (
    SELECT aggregate_type, aggregate_id, sum(changes) AS changes FROM (
      SELECT aggregate_type, aggregate_id, changes FROM global_state.analytics_hour_aggregates
      WHERE build = $4 AND hour >= $2 AND hour < $1 AND aggregate_type = ANY ($3)
      UNION ALL
      SELECT aggregate_type, aggregate_id, changes FROM global_state.analytics_day_aggregates
      WHERE build = $4 AND day < $2 AND aggregate_type = ANY ($3)
    ) AS parts GROUP BY aggregate_type, aggregate_id
  ) AS before USING (aggregate_type, aggregate_id)
  WHERE known.build = $4 AND aggregate_type = ANY ($3) AND known.last_hour >= $1
  ORDER BY known.changes - coalesce(before.changes, 0) DESC, aggregate_type, aggregate_id LIMIT 1`;

/** Which way is taken; each yields the same. */
export interface Effort {
  /** Rows that are just counted: it takes no longer than the search may. */
  readonly counted: number;
  /** Aggregates that the search looks at before it gives up and all are counted. */
  readonly searched: number;
}

const EFFORT: Effort = { counted: 20_000, searched: 672 };

/**
 * The aggregate with the most changes; of equals the first by type and id.
 * @param scope.fromHour not older than what is kept
 * @param hours the figures of the scope by hour
 * @param mostOfAll whether the range is most of what is kept
 */
export async function readMostActive(
  client: PoolClient, scope: Scope, hours: readonly HourFigures[], mostOfAll: boolean, { counted, searched }: Effort = EFFORT,
): Promise<ActiveAggregate | undefined> {
  if (rowsToCount(hours, firstWholeDay(scope.fromHour), mostOfAll) > counted) {
    const found = await searchFromTop(client, scope, hours, searched);
    if (found) return found.top;
  }
  return countMostActive(client, scope, mostOfAll);
}

function rowsToCount(hours: readonly HourFigures[], wholeDaysFrom: number, mostOfAll: boolean): number {
  return hours.reduce((sum, { hour, aggregates, lastOfDay, lastOfAll }) =>
    sum + (mostOfAll ? lastOfAll : hour < wholeDaysFrom ? aggregates : lastOfDay), 0);
}

async function countMostActive(
  client: PoolClient, { build, fromHour, aggregateTypes }: Scope, mostOfAll: boolean,
): Promise<ActiveAggregate | undefined> {
  const [text, from] = mostOfAll ? [MOST_ACTIVE_OF_ALL, dayOf(fromHour)] : [MOST_ACTIVE, firstWholeDay(fromHour)];
  const [row] = await ask<{ [Key in keyof ActiveAggregate]: ActiveAggregate[Key] }>(client, text, [fromHour, from, aggregateTypes, build]);
  return row;
}
