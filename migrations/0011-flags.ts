import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Events that broke a rule, what operators made of them, and aggregates that are marked for it. */
export class Flags implements MigrationInterface {
  readonly name = 'Flags1764000000011';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE global_state.quarantines, global_state.flag_actions, global_state.flags');
  }
}

const STATEMENTS = [
  // One event breaks one rule once, however often it is found.
  `CREATE TABLE global_state.flags (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    rule text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('flag', 'quarantine')),
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL,
    event_id uuid NOT NULL,
    actor text NOT NULL,
    occurred_at timestamptz(3) NOT NULL,
    raised_at timestamptz(3) NOT NULL DEFAULT now(),
    operation_id uuid,
    violation json NOT NULL,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'assigned', 'confirmed', 'dismissed')),
    assignee text,
    resolved_by text,
    resolved_at timestamptz(3),
    note text,
    CONSTRAINT flags_once UNIQUE (aggregate_id, aggregate_type, version, rule),
    CONSTRAINT flags_resolved CHECK ((status IN ('confirmed', 'dismissed')) = (resolved_at IS NOT NULL AND resolved_by IS NOT NULL AND note IS NOT NULL))
  )`,
  `CREATE INDEX flags_open ON global_state.flags (number) WHERE status IN ('open', 'assigned')`,
  'CREATE INDEX flags_rule ON global_state.flags (rule, status)',
  `CREATE TABLE global_state.flag_actions (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    flag_id uuid NOT NULL REFERENCES global_state.flags,
    action text NOT NULL CHECK (action IN ('assigned', 'confirmed', 'dismissed')),
    actor text NOT NULL,
    acted_at timestamptz(3) NOT NULL DEFAULT now(),
    assignee text,
    note text
  )`,
  'CREATE INDEX flag_actions_flag ON global_state.flag_actions (flag_id, number)',
  `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON global_state.flag_actions
    FOR EACH STATEMENT EXECUTE FUNCTION global_state.refuse_change()`,
  `CREATE TABLE global_state.quarantines (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id uuid NOT NULL,
    flag_id uuid NOT NULL REFERENCES global_state.flags,
    since timestamptz(3) NOT NULL,
    released_at timestamptz(3),
    released_by text,
    reason text,
    CONSTRAINT quarantines_released CHECK ((released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (reason IS NULL))
  )`,
  // Marked once at a time.
  'CREATE UNIQUE INDEX quarantines_active ON global_state.quarantines (aggregate_id, aggregate_type) WHERE released_at IS NULL',
  'CREATE INDEX quarantines_aggregate ON global_state.quarantines (aggregate_id, aggregate_type, number)',
];
