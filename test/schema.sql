-- The migrated schema, read from the catalogs. Renew it with: npm run generate

table global_state.aggregate_states with fillfactor=70
table global_state.checkpoints with fillfactor=10
table global_state.command_receipts
table global_state.events
table global_state.log_epoch
table global_state.log_heads with fillfactor=10
table global_state.migrations

column aggregate_states.aggregate_type text not null collate "C"
column aggregate_states.aggregate_id uuid not null
column aggregate_states.partition smallint not null
column aggregate_states.generation integer not null
column aggregate_states.version bigint not null
column aggregate_states.deleted boolean not null
column aggregate_states.data json not null
column aggregate_states.checksum bytea not null
column aggregate_states.clocks json not null
column aggregate_states.hash bytea not null
column aggregate_states.hlc bigint not null
column aggregate_states.fold_generation integer not null
column aggregate_states.position bigint not null
column aggregate_states.last_modified timestamp(3) with time zone not null
column checkpoints.consumer text not null
column checkpoints.partition smallint not null
column checkpoints.position bigint not null default 0
column checkpoints.updated_at timestamp with time zone not null default now()
column command_receipts.key text not null collate "C"
column command_receipts.fingerprint text not null
column command_receipts.refs json not null
column command_receipts.created_at timestamp with time zone not null default now()
column events.partition smallint not null
column events.position bigint not null
column events.event_id uuid not null
column events.aggregate_type text not null collate "C"
column events.aggregate_id uuid not null
column events.generation integer not null
column events.version bigint not null
column events.event_type text not null
column events.schema_version smallint not null
column events.data json not null
column events.ops json not null
column events.metadata json
column events.actor text not null
column events.command_key text
column events.correlation_id uuid
column events.causation_id uuid
column events.server_id text
column events.player_id uuid
column events.session_id uuid
column events.origin_region text not null
column events.origin_sequence bigint not null
column events.hlc bigint not null
column events.key_id uuid
column events.hash bytea not null
column events.committed_at timestamp(3) with time zone not null
column log_epoch.singleton boolean not null default true
column log_epoch.epoch uuid not null
column log_heads.partition smallint not null
column log_heads.position bigint not null default 0
column log_heads.origin_sequence bigint not null default 0
column log_heads.committed_at timestamp(3) with time zone not null default '1970-01-01 00:00:00+00'::timestamp with time zone
column migrations.id integer not null default nextval('global_state.migrations_id_seq'::regclass)
column migrations.timestamp bigint not null
column migrations.name character varying not null

constraint aggregate_states.aggregate_states_pkey PRIMARY KEY (aggregate_type, aggregate_id)
constraint checkpoints.checkpoints_pkey PRIMARY KEY (consumer, partition)
constraint command_receipts.command_receipts_pkey PRIMARY KEY (key)
constraint events.events_event_id_key UNIQUE (aggregate_type, aggregate_id, event_id)
constraint events.events_pkey PRIMARY KEY (partition, "position")
constraint events.events_position_check CHECK (("position" > 0))
constraint events.events_version_check CHECK ((version > 0))
constraint events.events_version_key UNIQUE (aggregate_type, aggregate_id, version)
constraint log_epoch.log_epoch_pkey PRIMARY KEY (singleton)
constraint log_epoch.log_epoch_singleton_check CHECK (singleton)
constraint log_heads.log_heads_pkey PRIMARY KEY (partition)
constraint migrations.PK_8c82d7f526340ab734260ea46be PRIMARY KEY (id)

index CREATE UNIQUE INDEX "PK_8c82d7f526340ab734260ea46be" ON global_state.migrations USING btree (id)
index CREATE UNIQUE INDEX aggregate_states_pkey ON global_state.aggregate_states USING btree (aggregate_type, aggregate_id)
index CREATE UNIQUE INDEX checkpoints_pkey ON global_state.checkpoints USING btree (consumer, partition)
index CREATE INDEX command_receipts_created_at_idx ON global_state.command_receipts USING btree (created_at)
index CREATE UNIQUE INDEX command_receipts_pkey ON global_state.command_receipts USING btree (key)
index CREATE UNIQUE INDEX events_event_id_key ON global_state.events USING btree (aggregate_type, aggregate_id, event_id)
index CREATE UNIQUE INDEX events_pkey ON global_state.events USING btree (partition, "position")
index CREATE UNIQUE INDEX events_version_key ON global_state.events USING btree (aggregate_type, aggregate_id, version)
index CREATE UNIQUE INDEX log_epoch_pkey ON global_state.log_epoch USING btree (singleton)
index CREATE UNIQUE INDEX log_heads_pkey ON global_state.log_heads USING btree (partition)

trigger CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON global_state.events FOR EACH STATEMENT EXECUTE FUNCTION global_state.refuse_change()

CREATE OR REPLACE FUNCTION global_state.append_group(p_partitions smallint[], p_states json, p_events json, p_receipts json, p_origin text)
 RETURNS json
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
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
  END $function$

CREATE OR REPLACE FUNCTION global_state.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
  BEGIN
    RAISE EXCEPTION 'global_state.% is append-only: % refused', TG_TABLE_NAME, TG_OP
      USING ERRCODE = 'insufficient_privilege';
  END $function$

