import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was refused and what operators did: all that leaves no event. In partitions of a day, which are dropped whole. */
export class Audit implements MigrationInterface {
  readonly name = 'Audit1764000000012';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [ENTRIES, APPEND_ONLY, MAKE_PARTITION, DROP_PARTITION]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION global_state.make_audit_partition, global_state.drop_audit_partition');
    await runner.query('DROP TABLE global_state.audit_entries');
  }
}

// phase 0: what was asked, with its outcome where that was known at once; 1: how an action ended that was written down before it was
// done. Both have one time and id. No partition takes "all other days": it would have to be searched for each day that is made.
const ENTRIES = `CREATE TABLE global_state.audit_entries (
  at timestamptz(3) NOT NULL,
  id uuid NOT NULL,
  phase smallint NOT NULL CHECK (phase IN (0, 1)),
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('refusal', 'authentication', 'operation', 'rollback', 'administration')),
  actor text COLLATE "C",
  action text NOT NULL,
  aggregate_type text COLLATE "C",
  aggregate_id text COLLATE "C",
  target json,
  parameters json,
  outcome text COLLATE "C" CHECK (outcome IN ('accepted', 'refused', 'failed')),
  status smallint,
  error text,
  reason text,
  trace_id text,
  request_id text,
  address text,
  count integer NOT NULL CHECK (count > 0),
  CONSTRAINT audit_entries_pkey PRIMARY KEY (at, id, phase)
) PARTITION BY RANGE (at)`;

const APPEND_ONLY = `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON global_state.audit_entries
  FOR EACH STATEMENT EXECUTE FUNCTION global_state.refuse_change()`;

/**
 * Makes the partition of a UTC day, if it is not there. Made apart and then attached: that holds up no insert, where PARTITION OF
 * would wait for all and let none by. A trigger of the whole says nothing of what is done to a part, so each part has its own.
 */
const MAKE_PARTITION = `CREATE FUNCTION global_state.make_audit_partition(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  part text := 'audit_entries_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF EXISTS (SELECT FROM pg_class WHERE relnamespace = 'global_state'::regnamespace AND relname = part) THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(7402118808);
  -- Another instance may have been faster. Asked of the table: to_regclass would answer from what it saw before the lock.
  IF EXISTS (SELECT FROM pg_class WHERE relnamespace = 'global_state'::regnamespace AND relname = part) THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE global_state.%I (LIKE global_state.audit_entries INCLUDING ALL)', part);
  EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON global_state.%I
    FOR EACH STATEMENT EXECUTE FUNCTION global_state.refuse_change()', part);
  EXECUTE format('ALTER TABLE global_state.audit_entries ATTACH PARTITION global_state.%I FOR VALUES FROM (%L) TO (%L)', part,
    to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(day + 1, 'YYYY-MM-DD') || ' 00:00:00+00');
END $$`;

/** Drops the oldest partition of before a UTC day, and yields its name; null if there is none. Whoever reads for longer is not waited for. */
const DROP_PARTITION = `CREATE FUNCTION global_state.drop_audit_partition(before date) RETURNS text LANGUAGE plpgsql
  SET lock_timeout = '500ms' AS $$
DECLARE
  part text;
BEGIN
  PERFORM pg_advisory_xact_lock(7402118808);
  SELECT c.relname INTO part FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'global_state.audit_entries'::regclass AND c.relname < 'audit_entries_' || to_char(before, 'YYYYMMDD')
    ORDER BY c.relname LIMIT 1;
  IF part IS NOT NULL THEN
    EXECUTE format('DROP TABLE global_state.%I', part);
  END IF;
  RETURN part;
END $$`;
