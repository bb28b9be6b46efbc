import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rollbacks that were previewed, executed and undone, and the events they took back. */
export class Rollbacks implements MigrationInterface {
  readonly name = 'Rollbacks1764000000007';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX global_state.events_correlation, global_state.events_causation');
    await runner.query('DROP TABLE global_state.rolled_back_events, global_state.rollbacks');
  }
}

const STATEMENTS = [
  `CREATE TABLE global_state.rollbacks (
    id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    scope json NOT NULL,
    status text NOT NULL CHECK (status IN ('previewed', 'executing', 'executed', 'undoing', 'undone')),
    created_by text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    expires_at timestamptz(3) NOT NULL,
    affected json NOT NULL,
    conflicts json NOT NULL,
    reason text,
    executed_by text,
    executed_at timestamptz(3),
    undo_reason text,
    undone_by text,
    undone_at timestamptz(3)
  )`,
  // What a rollback in force took back is not taken back a second time.
  `CREATE TABLE global_state.rolled_back_events (
    rollback_id uuid NOT NULL REFERENCES global_state.rollbacks,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT rolled_back_events_pkey PRIMARY KEY (aggregate_id, aggregate_type, version, rollback_id)
  )`,
  'CREATE INDEX rolled_back_events_rollback ON global_state.rolled_back_events (rollback_id)',
  // Of events that say so only: the others pay nothing.
  'CREATE INDEX events_correlation ON global_state.events (correlation_id) WHERE correlation_id IS NOT NULL',
  'CREATE INDEX events_causation ON global_state.events (causation_id) WHERE causation_id IS NOT NULL',
];
