import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What analytics counts, by hour. Built from the log, and can be built again. */
export class Analytics implements MigrationInterface {
  readonly name = 'Analytics1764000000005';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE global_state.analytics_hours, global_state.analytics_event_types, global_state.analytics_latencies,
      global_state.analytics_hour_aggregates, global_state.analytics_day_aggregates, global_state.analytics_aggregates`);
    await runner.query("DELETE FROM global_state.checkpoints WHERE consumer = 'analytics'");
  }
}

// An `hour` is counted from 1970 in UTC, a `day` is the first hour of one. Rows that are updated all the time have room on their
// page, so that an update stays off the index (HOT).
const STATEMENTS = [
  // last_of_day, last_of_all: aggregates whose last change of the day, or of all, is in this hour. Their sum from an hour on is the
  // number of aggregates that changed since then.
  `CREATE TABLE global_state.analytics_hours (
    hour integer NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    changes bigint NOT NULL,
    versions numeric NOT NULL,
    aggregates bigint NOT NULL,
    last_of_day bigint NOT NULL,
    last_of_all bigint NOT NULL,
    PRIMARY KEY (hour, aggregate_type)
  ) WITH (fillfactor = 50)`,

  `CREATE TABLE global_state.analytics_event_types (
    hour integer NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    changes bigint NOT NULL,
    PRIMARY KEY (hour, aggregate_type, event_type)
  ) WITH (fillfactor = 50)`,

  // A histogram of times from decided to durable. hours: how many an entry stands for, 1 or 24. slot: see latency-slots.ts.
  `CREATE TABLE global_state.analytics_latencies (
    hours smallint NOT NULL CHECK (hours IN (1, 24)),
    hour integer NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    foreign_origin boolean NOT NULL,
    slot smallint NOT NULL,
    changes bigint NOT NULL,
    PRIMARY KEY (hours, hour, aggregate_type, event_type, foreign_origin, slot)
  ) WITH (fillfactor = 50)`,

  `CREATE TABLE global_state.analytics_hour_aggregates (
    hour integer NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id uuid NOT NULL,
    changes integer NOT NULL,
    PRIMARY KEY (hour, aggregate_type, aggregate_id)
  ) WITH (fillfactor = 80)`,

  `CREATE TABLE global_state.analytics_day_aggregates (
    day integer NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id uuid NOT NULL,
    changes integer NOT NULL,
    last_hour integer NOT NULL,
    PRIMARY KEY (day, aggregate_type, aggregate_id)
  ) WITH (fillfactor = 80)`,

  // changes: the sum over its rows by day, less those that were dropped.
  `CREATE TABLE global_state.analytics_aggregates (
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id uuid NOT NULL,
    changes bigint NOT NULL,
    last_hour integer NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id)
  ) WITH (fillfactor = 80)`,
];
