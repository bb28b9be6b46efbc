import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rollbacks of a range of events in one row; the states of a build that differ, found without looking at all; figures to go back to. */
export class History implements MigrationInterface {
  readonly name = 'History1764000000014';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE global_state.analytics_builds DROP COLUMN previous, DROP COLUMN previous_position');
    await runner.query('DROP INDEX global_state.aggregate_state_builds_differing');
    await runner.query(`
      INSERT INTO global_state.rolled_back_events (rollback_id, aggregate_type, aggregate_id, version)
      SELECT rollback_id, aggregate_type, aggregate_id, generate_series(version + 1, to_version)
      FROM global_state.rolled_back_events WHERE to_version > version`);
    await runner.query('ALTER TABLE global_state.rolled_back_events DROP COLUMN to_version');
  }
}

const STATEMENTS = [
  // Absent: one event.
  'ALTER TABLE global_state.rolled_back_events ADD COLUMN to_version bigint CHECK (to_version >= version)',
  `CREATE INDEX rolled_back_events_ranges ON global_state.rolled_back_events (aggregate_id, aggregate_type) WHERE to_version IS NOT NULL`,
  // Costs only rows that differ.
  'CREATE INDEX aggregate_state_builds_differing ON global_state.aggregate_state_builds (build) WHERE differs',
  // previous: the build to go back to; it holds every event up to the position.
  `ALTER TABLE global_state.analytics_builds ADD COLUMN previous integer, ADD COLUMN previous_position bigint,
    ADD CONSTRAINT analytics_builds_previous CHECK ((previous IS NULL) = (previous_position IS NULL))`,
];
