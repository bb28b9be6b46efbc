import { run } from '@app/event-store';
import type { PoolClient } from 'pg';
import type { AggregateCount, EventTypeCount, LatencyCount, Tally } from '../projection/tally.js';

/**
 * Planned anew each time, for 0.4 ms: a plan made while the tables are empty would stay as long as its session. By index all the same, as
 * they may be empty when it is planned; and row by row (LATERAL, LIMIT): plain joins read all of a build and went through it for each row.
 */
const BY_INDEX = {
  name: 'analytics-by-index',
  text: `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
    set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
    set_config('plan_cache_mode', 'force_custom_plan', true)`,
};

/**
 * The parts of the statement see the tables as they were before it, so each knows which rows are new. That nobody else writes them is
 * what the lock on the checkpoint is for.
 */
const ADD_AGGREGATES = {
  name: 'analytics-add-aggregates',
  text: `
    WITH batch AS MATERIALIZED (
      SELECT * FROM unnest($1::integer[], $2::text[], $3::uuid[], $4::integer[], $5::numeric[]) AS b(hour, type, id, changes, versions)
    ), daily AS MATERIALIZED (
      SELECT hour - hour % 24 AS day, type, id, sum(changes)::integer AS changes, max(hour) AS hour FROM batch GROUP BY 1, 2, 3
    ), ever AS MATERIALIZED (
      SELECT type, id, sum(changes) AS changes, max(hour) AS hour FROM batch GROUP BY 1, 2
    ), moved_in_day AS (
      SELECT daily.type, daily.hour, old.last_hour AS old_hour
      FROM daily LEFT JOIN LATERAL (
        SELECT last_hour FROM global_state.analytics_day_aggregates AS known
        WHERE known.build = $6 AND known.day = daily.day AND known.aggregate_type = type AND known.aggregate_id = id LIMIT 1
      ) AS old ON true
      WHERE old.last_hour IS NULL OR old.last_hour < daily.hour
    ), moved_ever AS (
      SELECT ever.type, ever.hour, old.last_hour AS old_hour
      FROM ever LEFT JOIN LATERAL (
        SELECT last_hour FROM global_state.analytics_aggregates AS known
        WHERE known.build = $6 AND known.aggregate_type = type AND known.aggregate_id = id LIMIT 1
      ) AS old ON true
      WHERE old.last_hour IS NULL OR old.last_hour < ever.hour
    ), step AS (
      SELECT batch.hour, batch.type, batch.changes, batch.versions, (old.hour IS NULL)::integer AS aggregates, 0 AS last_of_day, 0 AS last_of_all
      FROM batch LEFT JOIN LATERAL (
        SELECT known.hour FROM global_state.analytics_hour_aggregates AS known
        WHERE known.build = $6 AND known.hour = batch.hour AND known.aggregate_type = type AND known.aggregate_id = id LIMIT 1
      ) AS old ON true
      UNION ALL SELECT hour, type, 0, 0, 0, 1, 0 FROM moved_in_day
      UNION ALL SELECT old_hour, type, 0, 0, 0, -1, 0 FROM moved_in_day WHERE old_hour IS NOT NULL
      UNION ALL SELECT hour, type, 0, 0, 0, 0, 1 FROM moved_ever
      UNION ALL SELECT old_hour, type, 0, 0, 0, 0, -1 FROM moved_ever WHERE old_hour IS NOT NULL
    ), hour_aggregates AS (
      INSERT INTO global_state.analytics_hour_aggregates AS known (build, hour, aggregate_type, aggregate_id, changes)
      SELECT $6, hour, type, id, changes FROM batch
      ON CONFLICT (build, hour, aggregate_type, aggregate_id) DO UPDATE SET changes = known.changes + excluded.changes
    ), day_aggregates AS (
      INSERT INTO global_state.analytics_day_aggregates AS known (build, day, aggregate_type, aggregate_id, changes, last_hour)
      SELECT $6, day, type, id, changes, hour FROM daily
      ON CONFLICT (build, day, aggregate_type, aggregate_id) DO UPDATE
        SET changes = known.changes + excluded.changes, last_hour = greatest(known.last_hour, excluded.last_hour)
    ), aggregates AS (
      INSERT INTO global_state.analytics_aggregates AS known (build, aggregate_type, aggregate_id, changes, last_hour)
      SELECT $6, type, id, changes, hour FROM ever
      ON CONFLICT (build, aggregate_type, aggregate_id) DO UPDATE
        SET changes = known.changes + excluded.changes, last_hour = greatest(known.last_hour, excluded.last_hour)
    )
    INSERT INTO global_state.analytics_hours AS known (build, hour, aggregate_type, changes, versions, aggregates, last_of_day, last_of_all)
    SELECT $6::integer, hour, type, sum(changes), sum(versions), sum(aggregates), sum(last_of_day), sum(last_of_all) FROM step GROUP BY hour, type
    ON CONFLICT (build, hour, aggregate_type) DO UPDATE SET changes = known.changes + excluded.changes,
      versions = known.versions + excluded.versions, aggregates = known.aggregates + excluded.aggregates,
      last_of_day = known.last_of_day + excluded.last_of_day, last_of_all = known.last_of_all + excluded.last_of_all`,
};

const ADD_EVENT_TYPES = {
  name: 'analytics-add-event-types',
  text: `
    INSERT INTO global_state.analytics_event_types AS known (build, hour, aggregate_type, event_type, changes)
    SELECT $5::integer, * FROM unnest($1::integer[], $2::text[], $3::text[], $4::bigint[])
    ON CONFLICT (build, hour, aggregate_type, event_type) DO UPDATE SET changes = known.changes + excluded.changes`,
};

const ADD_LATENCIES = {
  name: 'analytics-add-latencies',
  text: `
    INSERT INTO global_state.analytics_latencies AS known (build, hours, hour, aggregate_type, event_type, foreign_origin, slot, changes)
    SELECT $8::integer, * FROM unnest($1::smallint[], $2::integer[], $3::text[], $4::text[], $5::boolean[], $6::smallint[], $7::bigint[])
    ON CONFLICT (build, hours, hour, aggregate_type, event_type, foreign_origin, slot) DO UPDATE SET changes = known.changes + excluded.changes`,
};

/** Rows of one statement: the event loop is free between two, and none takes long. */
const ROWS_AT_ONCE = 2_000;

/** Adds what a batch counted to a build, in the transaction that holds the checkpoint. */
export async function addTally(client: PoolClient, build: number, { aggregates, eventTypes, latencies }: Tally): Promise<void> {
  if (aggregates.length === 0) return;
  await run(client, BY_INDEX, []);
  const add = async <Row>(statement: typeof ADD_AGGREGATES, rows: readonly Row[], keys: readonly (keyof Row)[]): Promise<void> => {
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      await run(client, statement, [...columns(rows.slice(from, from + ROWS_AT_ONCE), keys), build]);
    }
  };
  await add<AggregateCount>(ADD_AGGREGATES, aggregates, ['hour', 'aggregateType', 'aggregateId', 'changes', 'versions']);
  await add<EventTypeCount>(ADD_EVENT_TYPES, eventTypes, ['hour', 'aggregateType', 'eventType', 'changes']);
  await add<LatencyCount>(ADD_LATENCIES, latencies, ['hours', 'hour', 'aggregateType', 'eventType', 'foreign', 'slot', 'changes']);
}

function columns<Row>(rows: readonly Row[], keys: readonly (keyof Row)[]): unknown[][] {
  return keys.map((key) => rows.map((row) => row[key]));
}
