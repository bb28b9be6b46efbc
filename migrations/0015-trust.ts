import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When rollbacks and their undoings began, by aggregate, and which of them are in force there. */
export class Trust implements MigrationInterface {
  readonly name = 'Trust1764000000015';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE global_state.rollback_acts');
    await runner.query('ALTER TABLE global_state.rolled_back_events DROP COLUMN in_force');
    await runner.query('DROP INDEX global_state.rollbacks_expiring');
    await runner.query('ALTER TABLE global_state.rollbacks DROP COLUMN aggregate_types');
  }
}

const STATEMENTS = [
  // What is in force depends on the order of what operators did.
  `CREATE TABLE global_state.rollback_acts (
    number bigint GENERATED ALWAYS AS IDENTITY,
    rollback_id uuid NOT NULL REFERENCES global_state.rollbacks,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('taken', 'undone')),
    at_version bigint NOT NULL,
    CONSTRAINT rollback_acts_pkey PRIMARY KEY (aggregate_id, aggregate_type, rollback_id, kind)
  )`,
  `INSERT INTO global_state.rollback_acts (rollback_id, aggregate_type, aggregate_id, kind, at_version)
    SELECT rollback_id, aggregate_type, aggregate_id, kind, at_version FROM (
      SELECT rollback_id, aggregate_type, aggregate_id, max(coalesce(to_version, version)) AS at_version
      FROM global_state.rolled_back_events GROUP BY rollback_id, aggregate_type, aggregate_id
    ) AS noted
    JOIN global_state.rollbacks AS r ON r.id = rollback_id
    CROSS JOIN LATERAL (VALUES ('taken', coalesce(executed_at, created_at)), ('undone', coalesce(undone_at, 'infinity'))) AS act(kind, at)
    WHERE kind = 'taken' OR status IN ('undoing', 'undone')
    ORDER BY at, kind`,
  'ALTER TABLE global_state.rolled_back_events ADD COLUMN in_force boolean NOT NULL DEFAULT true',
  `UPDATE global_state.rolled_back_events SET in_force = false FROM global_state.rollbacks WHERE id = rollback_id AND status IN ('undoing', 'undone')`,
  `ALTER TABLE global_state.rollbacks ADD COLUMN aggregate_types text[] NOT NULL DEFAULT '{}'`,
  `UPDATE global_state.rollbacks SET aggregate_types = ARRAY(SELECT DISTINCT one->>'aggregateType' FROM json_array_elements(affected) AS one)`,
  `CREATE INDEX rollbacks_expiring ON global_state.rollbacks (expires_at) WHERE status = 'previewed'`,
];
