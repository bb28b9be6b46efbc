import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The log, the write side's snapshots, idempotency receipts, checkpoints, and the one function that appends. */
export class EventStore implements MigrationInterface {
  readonly name = 'EventStore1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, APPEND_ONLY, APPEND_GROUP]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['checkpoints', 'command_receipts', 'aggregate_states', 'events', 'log_heads', 'log_epoch']) {
      await runner.query(`DROP TABLE global_state.${table}`);
    }
    await runner.query('DROP FUNCTION global_state.append_group, global_state.refuse_change');
  }
}

const TABLES = [
  // Renewed when a log is restored from a backup: cursors and cache keys of the old one are then void.
  `CREATE TABLE global_state.log_epoch (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch uuid NOT NULL
  )`,
  'INSERT INTO global_state.log_epoch (epoch) VALUES (gen_random_uuid())',

  // One row a log partition. Its row lock is what makes positions dense and in commit order.
  `CREATE TABLE global_state.log_heads (
    partition smallint PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0,
    origin_sequence bigint NOT NULL DEFAULT 0,
    committed_at timestamptz(3) NOT NULL DEFAULT '1970-01-01 00:00:00+00'
  ) WITH (fillfactor = 10)`,
  'INSERT INTO global_state.log_heads (partition) VALUES (0)',

  // json, not jsonb: the bytes stay as they were hashed.
  `CREATE TABLE global_state.events (
    partition smallint NOT NULL,
    position bigint NOT NULL CHECK (position > 0),
    event_id uuid NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id uuid NOT NULL,
    generation integer NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    event_type text NOT NULL,
    schema_version smallint NOT NULL,
    data json NOT NULL,
    ops json NOT NULL,
    metadata json,
    actor text NOT NULL,
    command_key text,
    correlation_id uuid,
    causation_id uuid,
    server_id text,
    player_id uuid,
    session_id uuid,
    origin_region text NOT NULL,
    origin_sequence bigint NOT NULL,
    hlc bigint NOT NULL,
    key_id uuid,
    hash bytea NOT NULL,
    committed_at timestamptz(3) NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (partition, position),
    CONSTRAINT events_version_key UNIQUE (aggregate_type, aggregate_id, version),
    CONSTRAINT events_event_id_key UNIQUE (aggregate_type, aggregate_id, event_id)
  )`,

  // Written in the transaction of the events it stands for. Room on the page keeps its updates off the index (HOT).
  `CREATE TABLE global_state.aggregate_states (
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id uuid NOT NULL,
    partition smallint NOT NULL,
    generation integer NOT NULL,
    version bigint NOT NULL,
    deleted boolean NOT NULL,
    data json NOT NULL,
    checksum bytea NOT NULL,
    clocks json NOT NULL,
    hash bytea NOT NULL,
    hlc bigint NOT NULL,
    fold_generation integer NOT NULL,
    position bigint NOT NULL,
    last_modified timestamptz(3) NOT NULL,
    CONSTRAINT aggregate_states_pkey PRIMARY KEY (aggregate_type, aggregate_id)
  ) WITH (fillfactor = 70)`,

  // refs: the events of the command as [[type, id, version], ...]; the answer is read from them again.
  `CREATE TABLE global_state.command_receipts (
    key text COLLATE "C" PRIMARY KEY,
    fingerprint text NOT NULL,
    refs json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  'CREATE INDEX command_receipts_created_at_idx ON global_state.command_receipts (created_at)',

  `CREATE TABLE global_state.checkpoints (
    consumer text NOT NULL,
    partition smallint NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, partition)
  ) WITH (fillfactor = 10)`,
];

const APPEND_ONLY = `
  CREATE FUNCTION global_state.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'global_state.% is append-only: % refused', TG_TABLE_NAME, TG_OP
      USING ERRCODE = 'insufficient_privilege';
  END $$;
  CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON global_state.events
    FOR EACH STATEMENT EXECUTE FUNCTION global_state.refuse_change()`;

/**
 * Appends a group of chains. A chain is one or more commands decided on one another: it is accepted whole or not at all, and
 * a chain that is not hurts no other.
 *
 * p_partitions: the log partitions that the group touches.
 * p_states: one row for each chain and aggregate: its expected version (`b`) and the state after the chain.
 * p_events: the events, `n` being their order in the group; those with `u` may be in the log already.
 * p_receipts: idempotency receipts of the chains, or null.
 * Result: the chains not accepted as [{c, r}] (r: 'receipt' | 'event' | 'version') and the heads as they were found.
 *
 * Locks, in this order in every writer of the system: receipts by key, partition heads ascending. The head's lock
 * serialises all that follows for its partition, so aggregate rows need none. Every check is in a statement later than the
 * lock it relies on: under READ COMMITTED the statement that waited still sees the snapshot from before the wait.
 *
 * Each JSON text is parsed once; parsing is a good part of the work of a large group. The plan of a plpgsql
 * statement lives as long as its session: one made while the tables are empty would scan them for ever, hence no
 * sequential scans.
 */
const APPEND_GROUP = `
  CREATE FUNCTION global_state.append_group(p_partitions smallint[], p_states json, p_events json, p_receipts json,
    p_origin text) RETURNS json LANGUAGE plpgsql SET enable_seqscan = off AS $$
  DECLARE
    taken_before int[] := '{}';
    result json;
  BEGIN
    -- A concurrent twin of a key waits here for the first one's commit; its chain is then refused.
    IF p_receipts IS NOT NULL THEN
      WITH wanted AS (
        SELECT * FROM json_to_recordset(p_receipts) AS r(c int, k text, f text, x json)
      ), taken AS (
        INSERT INTO global_state.command_receipts AS receipt (key, fingerprint, refs)
        SELECT k, f, x FROM wanted ORDER BY k
        ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, refs = excluded.refs, created_at = now()
          WHERE receipt.created_at < now() - interval '24 hours'
        RETURNING key
      )
      SELECT coalesce(array_agg(c), '{}') INTO taken_before FROM wanted WHERE k NOT IN (SELECT key FROM taken);
    END IF;

    -- The lock comes first, alone: whatever is read below is stable until this transaction ends.
    PERFORM FROM global_state.log_heads WHERE partition = ANY (p_partitions) ORDER BY partition FOR UPDATE;

    WITH head AS MATERIALIZED (
      SELECT partition, position, origin_sequence,
        greatest(committed_at, clock_timestamp()::timestamptz(3)) AS stamp -- never backwards along the positions
      FROM global_state.log_heads WHERE partition = ANY (p_partitions)
    ), state AS MATERIALIZED (
      SELECT * FROM json_to_recordset(p_states) AS s(c int, t text, i uuid, b bigint, g int, v bigint, x boolean, d json,
        s text, w json, h text, l bigint, fg int)
    ), event AS MATERIALIZED (
      SELECT * FROM json_to_recordset(p_events) AS e(n int, c int, u boolean, p smallint, e uuid, t text, i uuid, g int,
        v bigint, y text, sv smallint, d json, o json, m json, ac text, ck text, co uuid, ca uuid, se text, pl uuid,
        ss uuid, l bigint, h text)
    ), fault AS MATERIALIZED (
      SELECT c, 'version' AS r FROM state
      WHERE b <> coalesce((SELECT version FROM global_state.aggregate_states
        WHERE aggregate_type = t AND aggregate_id = i), 0)
      UNION ALL
      SELECT c, 'event' FROM event
      WHERE u AND (SELECT true FROM global_state.events WHERE aggregate_type = t AND aggregate_id = i AND event_id = e)
      UNION ALL
      SELECT c, 'receipt' FROM unnest(taken_before) AS c
    ), placed AS (
      SELECT *, row_number() OVER (PARTITION BY p ORDER BY n) AS place -- only what is accepted is numbered
      FROM event WHERE c NOT IN (SELECT c FROM fault)
    ), appended AS (
      INSERT INTO global_state.events (partition, position, event_id, aggregate_type, aggregate_id, generation, version,
        event_type, schema_version, data, ops, metadata, actor, command_key, correlation_id, causation_id, server_id,
        player_id, session_id, origin_region, origin_sequence, hlc, hash, committed_at)
      SELECT partition, position + place, e, t, i, g, v, y, sv, d, o, m, ac, ck, co, ca, se, pl, ss,
        p_origin, origin_sequence + place, l, decode(h, 'hex'), stamp
      FROM placed JOIN head ON partition = p
      RETURNING partition, position, aggregate_type, aggregate_id, version, committed_at
    ), stated AS (
      INSERT INTO global_state.aggregate_states (aggregate_type, aggregate_id, partition, generation, version, deleted,
        data, checksum, clocks, hash, hlc, fold_generation, position, last_modified)
      SELECT t, i, partition, g, v, x, d, decode(s, 'hex'), w, decode(h, 'hex'), l, fg, position, committed_at
      FROM state JOIN appended ON aggregate_type = t AND aggregate_id = i AND version = v
      ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE SET generation = excluded.generation,
        version = excluded.version, deleted = excluded.deleted, data = excluded.data, checksum = excluded.checksum,
        clocks = excluded.clocks, hash = excluded.hash, hlc = excluded.hlc, fold_generation = excluded.fold_generation,
        position = excluded.position, last_modified = excluded.last_modified
    ), advanced AS (
      UPDATE global_state.log_heads AS log SET position = log.position + step.events,
        origin_sequence = log.origin_sequence + step.events, committed_at = step.stamp
      FROM (SELECT partition, count(*) AS events, max(committed_at) AS stamp FROM appended GROUP BY partition) AS step
      WHERE log.partition = step.partition
      RETURNING pg_notify('global_state_events', '')
    )
    SELECT json_build_object(
      'faults', (SELECT coalesce(json_agg(fault), '[]') FROM fault),
      'heads', (SELECT json_agg(json_build_object('p', partition, 'n', position, 't',
        (extract(epoch FROM stamp) * 1000)::bigint)) FROM head),
      'woken', (SELECT count(*) FROM advanced)) INTO result;

    -- A refused chain leaves no receipt of its own: its commands are decided again, and refusals are not stored.
    IF p_receipts IS NOT NULL AND json_array_length(result->'faults') > 0 THEN
      DELETE FROM global_state.command_receipts WHERE xmin = pg_current_xact_id()::xid AND key IN (
        SELECT k FROM json_to_recordset(p_receipts) AS r(c int, k text)
        WHERE c IN (SELECT (fault->>'c')::int FROM json_array_elements(result->'faults') AS fault));
    END IF;
    RETURN result;
  END $$`;
