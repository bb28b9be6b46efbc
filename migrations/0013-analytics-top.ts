import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The aggregates of a type in the order in which the search for the most active one looks at them. */
export class AnalyticsTop implements MigrationInterface {
  readonly name = 'AnalyticsTop1764000000013';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX analytics_aggregates_top
      ON global_state.analytics_aggregates (build, aggregate_type, changes DESC, aggregate_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX global_state.analytics_aggregates_top');
  }
}
