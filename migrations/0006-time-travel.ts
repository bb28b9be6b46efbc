import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Old states without folding from the beginning, and from a time to a position. */
export class TimeTravel implements MigrationInterface {
  readonly name = 'TimeTravel1764000000006';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [SNAPSHOTS, POSITION_AT, VERSION_AT]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION global_state.position_at, global_state.version_at');
    await runner.query('DROP TABLE global_state.aggregate_snapshots');
  }
}

// A cache of folds: dropping all of it loses time, and nothing else.
const SNAPSHOTS = `CREATE TABLE global_state.aggregate_snapshots (
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id uuid NOT NULL,
  version bigint NOT NULL,
  generation integer NOT NULL,
  deleted boolean NOT NULL,
  data json NOT NULL,
  clocks json NOT NULL,
  checksum bytea NOT NULL,
  fold_generation integer NOT NULL,
  position bigint NOT NULL,
  last_modified timestamptz(3) NOT NULL,
  CONSTRAINT aggregate_snapshots_pkey PRIMARY KEY (aggregate_id, aggregate_type, version)
)`;

// Times follow positions, as both are given out under the head's lock: so bisection, and no index by time.
const POSITION_AT = `CREATE FUNCTION global_state.position_at(which smallint, moment timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  low bigint := 0;
  high bigint;
  middle bigint;
  found timestamptz;
BEGIN
  SELECT position INTO high FROM global_state.log_heads WHERE partition = which;
  WHILE low < high LOOP
    middle := (low + high + 1) / 2;
    SELECT committed_at INTO found FROM global_state.events WHERE partition = which AND position = middle;
    IF found <= moment THEN low := middle; ELSE high := middle - 1; END IF;
  END LOOP;
  RETURN low;
END $$`;

// Positions follow versions within an aggregate.
const VERSION_AT = `CREATE FUNCTION global_state.version_at(a_type text, a_id uuid, upto bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  low bigint := 0;
  high bigint;
  middle bigint;
  found bigint;
BEGIN
  SELECT version INTO high FROM global_state.aggregate_states WHERE aggregate_type = a_type AND aggregate_id = a_id;
  WHILE low < high LOOP
    middle := (low + high + 1) / 2;
    SELECT position INTO found FROM global_state.events
      WHERE aggregate_type = a_type AND aggregate_id = a_id AND version = middle;
    IF found <= upto THEN low := middle; ELSE high := middle - 1; END IF;
  END LOOP;
  RETURN low;
END $$`;
