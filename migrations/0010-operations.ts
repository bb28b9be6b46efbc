import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Long work that outlives the process it runs in; aggregates that a projection cannot handle; analytics in builds. */
export class Operations implements MigrationInterface {
  readonly name = 'Operations1764000000010';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...OPERATIONS, ...DEAD_LETTERS, ...ANALYTICS]) await runner.query(statement);
  }

  down(): Promise<void> {
    throw new Error('the figures of analytics are kept in builds: restore a backup to go back');
  }
}

const OPERATIONS = [
  // lease: grows with every instance that takes the work up, so that one that lost it can no longer write. tries: since something was saved.
  `CREATE TABLE global_state.operations (
    id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    kind text COLLATE "C" NOT NULL,
    parameters json NOT NULL,
    targets text[] COLLATE "C" NOT NULL,
    status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'cancelling', 'completed', 'failed', 'cancelled')),
    unit text NOT NULL,
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    rate double precision NOT NULL DEFAULT 0,
    saved json,
    result json,
    error text,
    created_by text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    started_at timestamptz(3),
    finished_at timestamptz(3),
    lease bigint NOT NULL DEFAULT 0,
    leased_by text,
    leased_until timestamptz,
    tries integer NOT NULL DEFAULT 0,
    request_key text COLLATE "C" UNIQUE,
    request_fingerprint text
  ) WITH (fillfactor = 50)`,
  // The instances look for work all the time: at what is not finished only.
  `CREATE INDEX operations_unfinished ON global_state.operations (number) WHERE status IN ('queued', 'running', 'cancelling')`,
  // What an unfinished operation has to itself; that two cannot have the same is decided here.
  `CREATE TABLE global_state.operation_targets (
    target text COLLATE "C" PRIMARY KEY,
    operation_id uuid NOT NULL REFERENCES global_state.operations
  )`,
  'CREATE INDEX operation_targets_operation ON global_state.operation_targets (operation_id)',
];

const DEAD_LETTERS = [
  // An aggregate whose events a consumer is not given any more, from the one on that it could not handle.
  `CREATE TABLE global_state.dead_letters (
    id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    consumer text COLLATE "C" NOT NULL,
    partition smallint NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id uuid NOT NULL,
    position bigint NOT NULL,
    event_id uuid,
    error text NOT NULL,
    attempts integer NOT NULL,
    withheld bigint NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'parked' CHECK (status IN ('parked', 'retried', 'discarded', 'superseded')),
    parked_at timestamptz(3) NOT NULL DEFAULT now(),
    last_attempt_at timestamptz(3) NOT NULL DEFAULT now(),
    ended_at timestamptz(3),
    ended_by text,
    reason text
  )`,
  `CREATE UNIQUE INDEX dead_letters_parked ON global_state.dead_letters (consumer, aggregate_id, aggregate_type) WHERE status = 'parked'`,
];

/** The key of each table of figures, which the build now leads. */
const FIGURES = {
  hours: 'hour, aggregate_type',
  event_types: 'hour, aggregate_type, event_type',
  latencies: 'hours, hour, aggregate_type, event_type, foreign_origin, slot',
  hour_aggregates: 'hour, aggregate_type, aggregate_id',
  day_aggregates: 'day, aggregate_type, aggregate_id',
  aggregates: 'aggregate_type, aggregate_id',
};

const ANALYTICS = [
  // live: the build that is served and counted on; newest: the last number that was given to one.
  `CREATE TABLE global_state.analytics_builds (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    live integer NOT NULL DEFAULT 0,
    newest integer NOT NULL DEFAULT 0
  )`,
  'INSERT INTO global_state.analytics_builds DEFAULT VALUES',
  ...Object.entries(FIGURES).flatMap(([table, key]) => [
    `ALTER TABLE global_state.analytics_${table} ADD COLUMN build integer NOT NULL DEFAULT 0, DROP CONSTRAINT analytics_${table}_pkey,
      ADD CONSTRAINT analytics_${table}_pkey PRIMARY KEY (build, ${key})`,
    `ALTER TABLE global_state.analytics_${table} ALTER COLUMN build DROP DEFAULT`,
  ]),
];
