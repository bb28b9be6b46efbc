import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The states in several builds, one of which is live by type, so that they can be folded again while the old ones serve:
 * docs/decisions/0019. `aggregate_states` is a view of the live ones.
 */
export class StateBuilds implements MigrationInterface {
  readonly name = 'StateBuilds1764000000009';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, VIEW, 'DROP FUNCTION global_state.append_group', APPEND_GROUP]) await runner.query(statement);
  }

  down(): Promise<void> {
    throw new Error('the function of 0002 is gone: restore a backup to go back');
  }
}

const TABLES = [
  // memory: what a decider wants to find again at its next decision; no part of data, checksum or hash. differs: what the rebuild
  // that made the row found when it held it against the live one.
  `ALTER TABLE global_state.aggregate_states RENAME TO aggregate_state_builds`,
  `ALTER TABLE global_state.aggregate_state_builds
    ADD COLUMN build integer NOT NULL DEFAULT 0, ADD COLUMN memory json, ADD COLUMN differs boolean,
    DROP CONSTRAINT aggregate_states_pkey,
    ADD CONSTRAINT aggregate_state_builds_pkey PRIMARY KEY (aggregate_id, aggregate_type, build)`,

  // The live build of a type; 0 for one that is not here. revision: counts what changed states beside events, a change of the build
  // and a repair; what was read before one is void. Both are changed under the locks of all heads only, so whoever holds one may
  // lean on them. previous: the build to go back to; it holds every change up to previous_position.
  `CREATE TABLE global_state.state_builds (
    aggregate_type text COLLATE "C" PRIMARY KEY,
    build integer NOT NULL,
    revision integer NOT NULL,
    previous integer,
    previous_position bigint
  )`,

  // aggregate_types: null for all. after_*: the last aggregate that was walked through. Once it is walked, the build holds every
  // change up to position. step: counts the transactions, so that two who go on with one rebuild do not both write.
  `CREATE TABLE global_state.state_rebuilds (
    build integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    aggregate_types text[] COLLATE "C",
    fold_generation integer NOT NULL,
    status text NOT NULL DEFAULT 'building' CHECK (status IN ('building', 'live', 'abandoned')),
    step integer NOT NULL DEFAULT 0,
    after_type text COLLATE "C" NOT NULL DEFAULT '',
    after_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    is_walked boolean NOT NULL DEFAULT false,
    position bigint NOT NULL,
    types_met text[] COLLATE "C" NOT NULL DEFAULT '{}',
    events bigint NOT NULL DEFAULT 0,
    aggregates bigint NOT NULL DEFAULT 0,
    parked bigint NOT NULL DEFAULT 0,
    differences bigint NOT NULL DEFAULT 0,
    samples json NOT NULL DEFAULT '[]',
    swap_ms real,
    opened_at timestamptz(3) NOT NULL DEFAULT now(),
    swapped_at timestamptz(3)
  )`,

  // Rows that nobody reads any more, until they are deleted in batches.
  `CREATE TABLE global_state.stale_state_builds (
    aggregate_type text COLLATE "C" NOT NULL,
    build integer NOT NULL,
    CONSTRAINT stale_state_builds_pkey PRIMARY KEY (build, aggregate_type)
  )`,
];

// A subquery and no join: so the view takes updates, a lookup by key stays one probe of the index, and a scan in the order of
// the key stays one. Builds that are not live are passed over row by row; there are one or two.
const VIEW = `CREATE VIEW global_state.aggregate_states AS
  SELECT aggregate_type, aggregate_id, partition, generation, version, deleted, data, checksum, clocks, hash, hlc,
    fold_generation, position, last_modified
  FROM global_state.aggregate_state_builds AS state
  WHERE build = coalesce((SELECT live.build FROM global_state.state_builds AS live
    WHERE live.aggregate_type = state.aggregate_type), 0)`;

/**
 * Appends a group of chains. A chain is one or more commands decided on one another: it is accepted whole or not at all, and
 * a chain that is not hurts no other.
 *
 * p_partitions: the log partitions that the group touches.
 * e_*: the events in their order, one array a column; e_chain numbers their chain. An array of which no event has a
 *   value may be null as a whole.
 * e_suspects: places in those arrays of events that may be in the log already.
 * s_*: the states after each chain, one for each of its aggregates; s_last is the place of the aggregate's last event, s_base the
 *   version that the chain was decided on; s_build and s_revision say of which build of the states it was, and when. What a state
 *   has in common with its last event is taken from there. s_memory: what replaces the memory of an aggregate, or null.
 * r_*: idempotency receipts of the chains, or null.
 * Result: the chains not accepted as [{c, r}] (r: 'receipt' | 'event' | 'version') and the heads as they were found.
 *
 * Locks, in this order in every writer of the system: receipts by key, partition heads ascending. The head's lock
 * serialises all that follows for its partition, so aggregate rows need none, nor does the number of the live build. Every
 * check is in a statement later than the lock it relies on: under READ COMMITTED the statement that waited still sees the
 * snapshot from before the wait.
 *
 * Only numbers go through the joins and sorts; the wide values are taken out of the arrays where they are stored. plpgsql
 * keeps its arrays unpacked, so an element is found in one step.
 *
 * What a statement of plpgsql costs before its first row is most of what a lone event costs: those that have nothing to do are
 * left out.
 *
 * A plan of plpgsql lives as long as its session: one made while the tables are empty would scan them for ever, and one for
 * each call costs more than the call. Hence one plan, and nested loops over indexes only.
 */
const APPEND_GROUP = `
  CREATE FUNCTION global_state.append_group(p_partitions smallint[], p_origin text,
    e_chain int[], e_partition smallint[], e_event_id uuid[], e_type text[], e_id uuid[], e_generation int[],
    e_version bigint[], e_event_type text[], e_schema_version smallint[], e_data json[], e_ops json[], e_metadata json[],
    e_actor text[], e_command_key text[], e_correlation_id uuid[], e_causation_id uuid[], e_server_id text[],
    e_player_id uuid[], e_session_id uuid[], e_hlc bigint[], e_hash bytea[], e_suspects int[],
    s_last int[], s_base bigint[], s_build int[], s_revision int[], s_deleted boolean[], s_data json[], s_checksum bytea[],
    s_clocks json[], s_memory json[], s_fold int,
    r_chain int[], r_key text[], r_fingerprint text[], r_refs json[])
  RETURNS json LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
    SET plan_cache_mode = force_generic_plan AS $$
  DECLARE
    head record;
    heads json[] := '{}';
    starts bigint[]; -- by partition, as the next two
    sequences bigint[];
    stamps timestamptz(3)[];
    taken_before int[] := '{}';
    known int[] := '{}';
    moved int[];
    refused int[];
    places int[]; -- by event: how many after the head, null where its chain is refused
  BEGIN
    -- A concurrent twin of a key waits here for the first one's commit; its chain is then refused.
    IF r_key IS NOT NULL THEN
      WITH taken AS (
        INSERT INTO global_state.command_receipts AS receipt (key, fingerprint, refs)
        SELECT r_key[i], r_fingerprint[i], r_refs[i] FROM generate_series(1, cardinality(r_key)) AS i ORDER BY r_key[i]
        ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, refs = excluded.refs, created_at = now()
          WHERE receipt.created_at < now() - interval '24 hours'
        RETURNING key
      )
      SELECT coalesce(array_agg(r_chain[i]), '{}') INTO taken_before
      FROM generate_series(1, cardinality(r_key)) AS i WHERE r_key[i] NOT IN (SELECT key FROM taken);
    END IF;

    -- The lock comes before all that is read below, which is then stable until this transaction ends. The clock is read after
    -- it, and never runs backwards along the positions.
    FOR head IN
      SELECT * FROM global_state.log_heads WHERE partition = ANY (p_partitions) ORDER BY partition FOR UPDATE
    LOOP
      starts[head.partition] := head.position;
      sequences[head.partition] := head.origin_sequence;
      stamps[head.partition] := greatest(head.committed_at, clock_timestamp()::timestamptz(3));
      heads := heads || json_build_object('p', head.partition, 'n', head.position,
        't', (extract(epoch FROM stamps[head.partition]) * 1000)::bigint);
    END LOOP;

    -- A state of another build than the live one, or from before a repair, was folded on bytes that nobody is served any more.
    SELECT coalesce(array_agg(e_chain[s_last[i]]), '{}') INTO moved
    FROM generate_series(1, cardinality(s_last)) AS i
    WHERE s_revision[i] <> coalesce((SELECT revision FROM global_state.state_builds WHERE aggregate_type = e_type[s_last[i]]), 0)
      OR s_base[i] <> coalesce((SELECT version FROM global_state.aggregate_state_builds
        WHERE aggregate_id = e_id[s_last[i]] AND aggregate_type = e_type[s_last[i]] AND build = s_build[i]), 0);

    IF e_suspects IS NOT NULL THEN
      SELECT coalesce(array_agg(e_chain[n]), '{}') INTO known FROM unnest(e_suspects) AS n
      WHERE (SELECT true FROM global_state.events
        WHERE event_id = e_event_id[n] AND aggregate_id = e_id[n] AND aggregate_type = e_type[n]);
    END IF;

    -- Only what is accepted is numbered.
    refused := moved || known || taken_before;
    IF cardinality(refused) = 0 AND cardinality(p_partitions) = 1 THEN
      places := ARRAY(SELECT generate_series(1, cardinality(e_chain)));
    ELSE
      SELECT array_agg(place ORDER BY n) INTO places FROM (
        SELECT n, CASE WHEN accepted THEN count(*) FILTER (WHERE accepted) OVER (PARTITION BY e_partition[n] ORDER BY n) END AS place
        FROM (SELECT n, e_chain[n] <> ALL (refused) AS accepted FROM generate_series(1, cardinality(e_chain)) AS n) AS event
      ) AS placed;
    END IF;

    INSERT INTO global_state.events (partition, position, event_id, aggregate_type, aggregate_id, generation, version,
      event_type, schema_version, data, ops, metadata, actor, command_key, correlation_id, causation_id, server_id,
      player_id, session_id, origin_region, origin_sequence, hlc, hash, committed_at)
    SELECT e_partition[n], starts[e_partition[n]] + places[n], e_event_id[n], e_type[n], e_id[n], e_generation[n], e_version[n],
      e_event_type[n], e_schema_version[n], e_data[n], e_ops[n], e_metadata[n], e_actor[n], e_command_key[n],
      e_correlation_id[n], e_causation_id[n], e_server_id[n], e_player_id[n], e_session_id[n], p_origin,
      sequences[e_partition[n]] + places[n], e_hlc[n], e_hash[n], stamps[e_partition[n]]
    FROM generate_series(1, cardinality(e_chain)) AS n WHERE places[n] IS NOT NULL;

    IF FOUND THEN
      -- Apart from each other: an upsert locks each row before it changes it, which costs a record of the WAL more.
      IF 0 < ANY (s_base) THEN
        UPDATE global_state.aggregate_state_builds AS state SET generation = e_generation[n], version = e_version[n],
          deleted = s_deleted[i], data = s_data[i], checksum = s_checksum[i], clocks = s_clocks[i], hash = e_hash[n],
          hlc = e_hlc[n], fold_generation = least(state.fold_generation, s_fold), position = starts[e_partition[n]] + places[n],
          last_modified = stamps[e_partition[n]], memory = coalesce(s_memory[i], state.memory)
        FROM (SELECT i, s_last[i] AS n FROM generate_series(1, cardinality(s_last)) AS i
          WHERE s_base[i] > 0 AND places[s_last[i]] IS NOT NULL) AS changed
        WHERE aggregate_id = e_id[n] AND aggregate_type = e_type[n] AND build = s_build[i];
      END IF;

      IF 0 = ANY (s_base) THEN
        INSERT INTO global_state.aggregate_state_builds (aggregate_type, aggregate_id, build, partition, generation, version,
          deleted, data, checksum, clocks, hash, hlc, fold_generation, position, last_modified, memory)
        SELECT e_type[n], e_id[n], s_build[i], e_partition[n], e_generation[n], e_version[n], s_deleted[i], s_data[i],
          s_checksum[i], s_clocks[i], e_hash[n], e_hlc[n], s_fold, starts[e_partition[n]] + places[n],
          stamps[e_partition[n]], s_memory[i]
        FROM (SELECT i, s_last[i] AS n FROM generate_series(1, cardinality(s_last)) AS i
          WHERE s_base[i] = 0 AND places[s_last[i]] IS NOT NULL) AS born;
      END IF;

      UPDATE global_state.log_heads AS log SET position = log.position + step.events,
        origin_sequence = log.origin_sequence + step.events, committed_at = stamps[step.partition]
      FROM (SELECT e_partition[n] AS partition, max(places[n]) AS events FROM generate_series(1, cardinality(e_chain)) AS n
        WHERE places[n] IS NOT NULL GROUP BY 1) AS step
      WHERE log.partition = step.partition;

      PERFORM pg_notify('global_state_events', '');
    END IF;

    -- A refused chain leaves no receipt of its own: its commands are decided again, and refusals are not stored.
    IF r_key IS NOT NULL AND cardinality(refused) > 0 THEN
      DELETE FROM global_state.command_receipts WHERE xmin = pg_current_xact_id()::xid AND key IN (
        SELECT r_key[i] FROM generate_series(1, cardinality(r_key)) AS i WHERE r_chain[i] = ANY (refused));
    END IF;

    IF cardinality(refused) = 0 THEN
      RETURN json_build_object('heads', heads, 'faults', '[]'::json);
    END IF;
    RETURN json_build_object('heads', heads, 'faults', (SELECT coalesce(json_agg(fault), '[]') FROM (
      SELECT c, 'version' AS r FROM unnest(moved) AS c
      UNION ALL SELECT c, 'event' FROM unnest(known) AS c
      UNION ALL SELECT c, 'receipt' FROM unnest(taken_before) AS c) AS fault));
  END $$`;
