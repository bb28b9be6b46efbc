-- The migrated schema, read from the catalogs. Renew it with: npm run generate

table global_state.aggregate_snapshots
table global_state.aggregate_state_builds with fillfactor=70
table global_state.analytics_aggregates with fillfactor=80
table global_state.analytics_builds
table global_state.analytics_day_aggregates with fillfactor=80
table global_state.analytics_event_types with fillfactor=50
table global_state.analytics_hour_aggregates with fillfactor=80
table global_state.analytics_hours with fillfactor=50
table global_state.analytics_latencies with fillfactor=50
table global_state.audit_entries partition by RANGE (at)
table global_state.checkpoints with fillfactor=10
table global_state.command_receipts
table global_state.dead_letters
table global_state.events
table global_state.flag_actions
table global_state.flags
table global_state.log_epoch
table global_state.log_heads with fillfactor=10
table global_state.log_roots
table global_state.migrations
table global_state.operation_targets
table global_state.operations with fillfactor=50
table global_state.quarantines
table global_state.rollback_acts
table global_state.rollbacks
table global_state.rolled_back_events
table global_state.stale_state_builds
table global_state.state_builds
table global_state.state_rebuilds
table global_state.stream_tickets
table global_state.token_revocation_head
table global_state.token_revocations

column aggregate_snapshots.aggregate_type text not null collate "C"
column aggregate_snapshots.aggregate_id uuid not null
column aggregate_snapshots.version bigint not null
column aggregate_snapshots.generation integer not null
column aggregate_snapshots.deleted boolean not null
column aggregate_snapshots.data json not null
column aggregate_snapshots.clocks json not null
column aggregate_snapshots.checksum bytea not null
column aggregate_snapshots.fold_generation integer not null
column aggregate_snapshots.position bigint not null
column aggregate_snapshots.last_modified timestamp(3) with time zone not null
column aggregate_state_builds.aggregate_type text not null collate "C"
column aggregate_state_builds.aggregate_id uuid not null
column aggregate_state_builds.partition smallint not null
column aggregate_state_builds.generation integer not null
column aggregate_state_builds.version bigint not null
column aggregate_state_builds.deleted boolean not null
column aggregate_state_builds.data json not null
column aggregate_state_builds.checksum bytea not null
column aggregate_state_builds.clocks json not null
column aggregate_state_builds.hash bytea not null
column aggregate_state_builds.hlc bigint not null
column aggregate_state_builds.fold_generation integer not null
column aggregate_state_builds.position bigint not null
column aggregate_state_builds.last_modified timestamp(3) with time zone not null
column aggregate_state_builds.build integer not null default 0
column aggregate_state_builds.memory json
column aggregate_state_builds.differs boolean
column analytics_aggregates.aggregate_type text not null collate "C"
column analytics_aggregates.aggregate_id uuid not null
column analytics_aggregates.changes bigint not null
column analytics_aggregates.last_hour integer not null
column analytics_aggregates.build integer not null
column analytics_builds.singleton boolean not null default true
column analytics_builds.live integer not null default 0
column analytics_builds.newest integer not null default 0
column analytics_builds.previous integer
column analytics_builds.previous_position bigint
column analytics_day_aggregates.day integer not null
column analytics_day_aggregates.aggregate_type text not null collate "C"
column analytics_day_aggregates.aggregate_id uuid not null
column analytics_day_aggregates.changes integer not null
column analytics_day_aggregates.last_hour integer not null
column analytics_day_aggregates.build integer not null
column analytics_event_types.hour integer not null
column analytics_event_types.aggregate_type text not null collate "C"
column analytics_event_types.event_type text not null collate "C"
column analytics_event_types.changes bigint not null
column analytics_event_types.build integer not null
column analytics_hour_aggregates.hour integer not null
column analytics_hour_aggregates.aggregate_type text not null collate "C"
column analytics_hour_aggregates.aggregate_id uuid not null
column analytics_hour_aggregates.changes integer not null
column analytics_hour_aggregates.build integer not null
column analytics_hours.hour integer not null
column analytics_hours.aggregate_type text not null collate "C"
column analytics_hours.changes bigint not null
column analytics_hours.versions numeric not null
column analytics_hours.aggregates bigint not null
column analytics_hours.last_of_day bigint not null
column analytics_hours.last_of_all bigint not null
column analytics_hours.build integer not null
column analytics_latencies.hours smallint not null
column analytics_latencies.hour integer not null
column analytics_latencies.aggregate_type text not null collate "C"
column analytics_latencies.event_type text not null collate "C"
column analytics_latencies.foreign_origin boolean not null
column analytics_latencies.slot smallint not null
column analytics_latencies.changes bigint not null
column analytics_latencies.build integer not null
column audit_entries.at timestamp(3) with time zone not null
column audit_entries.id uuid not null
column audit_entries.phase smallint not null
column audit_entries.kind text not null collate "C"
column audit_entries.actor text collate "C"
column audit_entries.action text not null
column audit_entries.aggregate_type text collate "C"
column audit_entries.aggregate_id text collate "C"
column audit_entries.target json
column audit_entries.parameters json
column audit_entries.outcome text collate "C"
column audit_entries.status smallint
column audit_entries.error text
column audit_entries.reason text
column audit_entries.trace_id text
column audit_entries.request_id text
column audit_entries.address text
column audit_entries.count integer not null
column checkpoints.consumer text not null
column checkpoints.partition smallint not null
column checkpoints.position bigint not null default 0
column checkpoints.updated_at timestamp with time zone not null default now()
column command_receipts.key text not null collate "C"
column command_receipts.fingerprint text not null
column command_receipts.refs json not null
column command_receipts.created_at timestamp with time zone not null default now()
column dead_letters.id uuid not null
column dead_letters.number bigint not null
column dead_letters.consumer text not null collate "C"
column dead_letters.partition smallint not null
column dead_letters.aggregate_type text not null collate "C"
column dead_letters.aggregate_id uuid not null
column dead_letters.position bigint not null
column dead_letters.event_id uuid
column dead_letters.error text not null
column dead_letters.attempts integer not null
column dead_letters.withheld bigint not null default 0
column dead_letters.status text not null default 'parked'::text
column dead_letters.parked_at timestamp(3) with time zone not null default now()
column dead_letters.last_attempt_at timestamp(3) with time zone not null default now()
column dead_letters.ended_at timestamp(3) with time zone
column dead_letters.ended_by text
column dead_letters.reason text
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
column flag_actions.number bigint not null
column flag_actions.flag_id uuid not null
column flag_actions.action text not null
column flag_actions.actor text not null
column flag_actions.acted_at timestamp(3) with time zone not null default now()
column flag_actions.assignee text
column flag_actions.note text
column flags.id uuid not null default gen_random_uuid()
column flags.number bigint not null
column flags.rule text not null
column flags.mode text not null
column flags.aggregate_type text not null collate "C"
column flags.aggregate_id uuid not null
column flags.version bigint not null
column flags.event_id uuid not null
column flags.actor text not null
column flags.occurred_at timestamp(3) with time zone not null
column flags.raised_at timestamp(3) with time zone not null default now()
column flags.operation_id uuid
column flags.violation json not null
column flags.status text not null default 'open'::text
column flags.assignee text
column flags.resolved_by text
column flags.resolved_at timestamp(3) with time zone
column flags.note text
column log_epoch.singleton boolean not null default true
column log_epoch.epoch uuid not null
column log_heads.partition smallint not null
column log_heads.position bigint not null default 0
column log_heads.origin_sequence bigint not null default 0
column log_heads.committed_at timestamp(3) with time zone not null default '1970-01-01 00:00:00+00'::timestamp with time zone
column log_roots.partition smallint not null
column log_roots.number bigint not null
column log_roots.statement text not null
column log_roots.marks bytea not null
column log_roots.signature bytea not null
column migrations.id integer not null default nextval('global_state.migrations_id_seq'::regclass)
column migrations.timestamp bigint not null
column migrations.name character varying not null
column operation_targets.target text not null collate "C"
column operation_targets.operation_id uuid not null
column operations.id uuid not null
column operations.number bigint not null
column operations.kind text not null collate "C"
column operations.parameters json not null
column operations.targets text[] not null collate "C"
column operations.status text not null default 'queued'::text
column operations.unit text not null
column operations.done bigint not null default 0
column operations.total bigint not null default 0
column operations.rate double precision not null default 0
column operations.saved json
column operations.result json
column operations.error text
column operations.created_by text not null
column operations.created_at timestamp(3) with time zone not null default now()
column operations.started_at timestamp(3) with time zone
column operations.finished_at timestamp(3) with time zone
column operations.lease bigint not null default 0
column operations.leased_by text
column operations.leased_until timestamp with time zone
column operations.tries integer not null default 0
column operations.request_key text collate "C"
column operations.request_fingerprint text
column quarantines.number bigint not null
column quarantines.aggregate_type text not null collate "C"
column quarantines.aggregate_id uuid not null
column quarantines.flag_id uuid not null
column quarantines.since timestamp(3) with time zone not null
column quarantines.released_at timestamp(3) with time zone
column quarantines.released_by text
column quarantines.reason text
column rollback_acts.number bigint not null
column rollback_acts.rollback_id uuid not null
column rollback_acts.aggregate_type text not null collate "C"
column rollback_acts.aggregate_id uuid not null
column rollback_acts.kind text not null
column rollback_acts.at_version bigint not null
column rollbacks.id uuid not null
column rollbacks.number bigint not null
column rollbacks.scope json not null
column rollbacks.status text not null
column rollbacks.created_by text not null
column rollbacks.created_at timestamp(3) with time zone not null default now()
column rollbacks.expires_at timestamp(3) with time zone not null
column rollbacks.affected json not null
column rollbacks.conflicts json not null
column rollbacks.reason text
column rollbacks.executed_by text
column rollbacks.executed_at timestamp(3) with time zone
column rollbacks.undo_reason text
column rollbacks.undone_by text
column rollbacks.undone_at timestamp(3) with time zone
column rollbacks.aggregate_types text[] not null default '{}'::text[]
column rolled_back_events.rollback_id uuid not null
column rolled_back_events.aggregate_type text not null collate "C"
column rolled_back_events.aggregate_id uuid not null
column rolled_back_events.version bigint not null
column rolled_back_events.to_version bigint
column rolled_back_events.in_force boolean not null default true
column stale_state_builds.aggregate_type text not null collate "C"
column stale_state_builds.build integer not null
column state_builds.aggregate_type text not null collate "C"
column state_builds.build integer not null
column state_builds.revision integer not null
column state_builds.previous integer
column state_builds.previous_position bigint
column state_rebuilds.build integer not null
column state_rebuilds.aggregate_types text[] collate "C"
column state_rebuilds.fold_generation integer not null
column state_rebuilds.status text not null default 'building'::text
column state_rebuilds.step integer not null default 0
column state_rebuilds.after_type text not null default ''::text collate "C"
column state_rebuilds.after_id uuid not null default '00000000-0000-0000-0000-000000000000'::uuid
column state_rebuilds.is_walked boolean not null default false
column state_rebuilds.position bigint not null
column state_rebuilds.types_met text[] not null default '{}'::text[] collate "C"
column state_rebuilds.events bigint not null default 0
column state_rebuilds.aggregates bigint not null default 0
column state_rebuilds.parked bigint not null default 0
column state_rebuilds.differences bigint not null default 0
column state_rebuilds.samples json not null default '[]'::json
column state_rebuilds.swap_ms real
column state_rebuilds.opened_at timestamp(3) with time zone not null default now()
column state_rebuilds.swapped_at timestamp(3) with time zone
column stream_tickets.hash bytea not null
column stream_tickets.verified json not null
column stream_tickets.expires_at timestamp(3) with time zone not null
column token_revocation_head.singleton boolean not null default true
column token_revocation_head.revision bigint not null default 0
column token_revocations.id uuid not null
column token_revocations.kind text not null collate "C"
column token_revocations.name text not null collate "C"
column token_revocations.reason text
column token_revocations.actor text not null
column token_revocations.created_at timestamp(3) with time zone not null
column token_revocations.issued_before timestamp(3) with time zone not null
column token_revocations.expires_at timestamp(3) with time zone
column token_revocations.lifted_at timestamp(3) with time zone
column token_revocations.revision bigint not null

constraint aggregate_snapshots.aggregate_snapshots_pkey PRIMARY KEY (aggregate_id, aggregate_type, version)
constraint aggregate_state_builds.aggregate_state_builds_pkey PRIMARY KEY (aggregate_id, aggregate_type, build)
constraint analytics_aggregates.analytics_aggregates_pkey PRIMARY KEY (build, aggregate_type, aggregate_id)
constraint analytics_builds.analytics_builds_pkey PRIMARY KEY (singleton)
constraint analytics_builds.analytics_builds_previous CHECK (((previous IS NULL) = (previous_position IS NULL)))
constraint analytics_builds.analytics_builds_singleton_check CHECK (singleton)
constraint analytics_day_aggregates.analytics_day_aggregates_pkey PRIMARY KEY (build, day, aggregate_type, aggregate_id)
constraint analytics_event_types.analytics_event_types_pkey PRIMARY KEY (build, hour, aggregate_type, event_type)
constraint analytics_hour_aggregates.analytics_hour_aggregates_pkey PRIMARY KEY (build, hour, aggregate_type, aggregate_id)
constraint analytics_hours.analytics_hours_pkey PRIMARY KEY (build, hour, aggregate_type)
constraint analytics_latencies.analytics_latencies_hours_check CHECK ((hours = ANY (ARRAY[1, 24])))
constraint analytics_latencies.analytics_latencies_pkey PRIMARY KEY (build, hours, hour, aggregate_type, event_type, foreign_origin, slot)
constraint audit_entries.audit_entries_count_check CHECK ((count > 0))
constraint audit_entries.audit_entries_kind_check CHECK ((kind = ANY (ARRAY['refusal'::text, 'authentication'::text, 'operation'::text, 'rollback'::text, 'administration'::text])))
constraint audit_entries.audit_entries_outcome_check CHECK ((outcome = ANY (ARRAY['accepted'::text, 'refused'::text, 'failed'::text])))
constraint audit_entries.audit_entries_phase_check CHECK ((phase = ANY (ARRAY[0, 1])))
constraint audit_entries.audit_entries_pkey PRIMARY KEY (at, id, phase)
constraint checkpoints.checkpoints_pkey PRIMARY KEY (consumer, partition)
constraint command_receipts.command_receipts_pkey PRIMARY KEY (key)
constraint dead_letters.dead_letters_number_key UNIQUE (number)
constraint dead_letters.dead_letters_pkey PRIMARY KEY (id)
constraint dead_letters.dead_letters_status_check CHECK ((status = ANY (ARRAY['parked'::text, 'retried'::text, 'discarded'::text, 'superseded'::text])))
constraint events.events_event_id_key UNIQUE (event_id, aggregate_id, aggregate_type)
constraint events.events_pkey PRIMARY KEY (partition, "position")
constraint events.events_position_check CHECK (("position" > 0))
constraint events.events_version_check CHECK ((version > 0))
constraint events.events_version_key UNIQUE (aggregate_id, aggregate_type, version)
constraint flag_actions.flag_actions_action_check CHECK ((action = ANY (ARRAY['assigned'::text, 'confirmed'::text, 'dismissed'::text])))
constraint flag_actions.flag_actions_flag_id_fkey FOREIGN KEY (flag_id) REFERENCES global_state.flags(id)
constraint flag_actions.flag_actions_pkey PRIMARY KEY (number)
constraint flags.flags_mode_check CHECK ((mode = ANY (ARRAY['flag'::text, 'quarantine'::text])))
constraint flags.flags_number_key UNIQUE (number)
constraint flags.flags_once UNIQUE (aggregate_id, aggregate_type, version, rule)
constraint flags.flags_pkey PRIMARY KEY (id)
constraint flags.flags_resolved CHECK (((status = ANY (ARRAY['confirmed'::text, 'dismissed'::text])) = ((resolved_at IS NOT NULL) AND (resolved_by IS NOT NULL) AND (note IS NOT NULL))))
constraint flags.flags_status_check CHECK ((status = ANY (ARRAY['open'::text, 'assigned'::text, 'confirmed'::text, 'dismissed'::text])))
constraint log_epoch.log_epoch_pkey PRIMARY KEY (singleton)
constraint log_epoch.log_epoch_singleton_check CHECK (singleton)
constraint log_heads.log_heads_pkey PRIMARY KEY (partition)
constraint log_roots.log_roots_number_check CHECK ((number > 0))
constraint log_roots.log_roots_pkey PRIMARY KEY (partition, number)
constraint migrations.PK_8c82d7f526340ab734260ea46be PRIMARY KEY (id)
constraint operation_targets.operation_targets_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES global_state.operations(id)
constraint operation_targets.operation_targets_pkey PRIMARY KEY (target)
constraint operations.operations_number_key UNIQUE (number)
constraint operations.operations_pkey PRIMARY KEY (id)
constraint operations.operations_request_key_key UNIQUE (request_key)
constraint operations.operations_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'cancelling'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])))
constraint quarantines.quarantines_flag_id_fkey FOREIGN KEY (flag_id) REFERENCES global_state.flags(id)
constraint quarantines.quarantines_pkey PRIMARY KEY (number)
constraint quarantines.quarantines_released CHECK ((((released_at IS NULL) = (released_by IS NULL)) AND ((released_at IS NULL) = (reason IS NULL))))
constraint rollback_acts.rollback_acts_kind_check CHECK ((kind = ANY (ARRAY['taken'::text, 'undone'::text])))
constraint rollback_acts.rollback_acts_pkey PRIMARY KEY (aggregate_id, aggregate_type, rollback_id, kind)
constraint rollback_acts.rollback_acts_rollback_id_fkey FOREIGN KEY (rollback_id) REFERENCES global_state.rollbacks(id)
constraint rollbacks.rollbacks_number_key UNIQUE (number)
constraint rollbacks.rollbacks_pkey PRIMARY KEY (id)
constraint rollbacks.rollbacks_status_check CHECK ((status = ANY (ARRAY['previewed'::text, 'executing'::text, 'executed'::text, 'undoing'::text, 'undone'::text])))
constraint rolled_back_events.rolled_back_events_check CHECK ((to_version >= version))
constraint rolled_back_events.rolled_back_events_pkey PRIMARY KEY (aggregate_id, aggregate_type, version, rollback_id)
constraint rolled_back_events.rolled_back_events_rollback_id_fkey FOREIGN KEY (rollback_id) REFERENCES global_state.rollbacks(id)
constraint stale_state_builds.stale_state_builds_pkey PRIMARY KEY (build, aggregate_type)
constraint state_builds.state_builds_pkey PRIMARY KEY (aggregate_type)
constraint state_rebuilds.state_rebuilds_pkey PRIMARY KEY (build)
constraint state_rebuilds.state_rebuilds_status_check CHECK ((status = ANY (ARRAY['building'::text, 'live'::text, 'abandoned'::text])))
constraint stream_tickets.stream_tickets_pkey PRIMARY KEY (hash)
constraint token_revocation_head.token_revocation_head_pkey PRIMARY KEY (singleton)
constraint token_revocation_head.token_revocation_head_singleton_check CHECK (singleton)
constraint token_revocations.token_revocations_kind_check CHECK ((kind = ANY (ARRAY['token'::text, 'subject'::text])))
constraint token_revocations.token_revocations_name_key UNIQUE (kind, name)
constraint token_revocations.token_revocations_pkey PRIMARY KEY (id)
constraint token_revocations.token_revocations_revision_key UNIQUE (revision)

index CREATE UNIQUE INDEX "PK_8c82d7f526340ab734260ea46be" ON global_state.migrations USING btree (id)
index CREATE UNIQUE INDEX aggregate_snapshots_pkey ON global_state.aggregate_snapshots USING btree (aggregate_id, aggregate_type, version)
index CREATE INDEX aggregate_state_builds_differing ON global_state.aggregate_state_builds USING btree (build) WHERE differs
index CREATE UNIQUE INDEX aggregate_state_builds_pkey ON global_state.aggregate_state_builds USING btree (aggregate_id, aggregate_type, build)
index CREATE UNIQUE INDEX analytics_aggregates_pkey ON global_state.analytics_aggregates USING btree (build, aggregate_type, aggregate_id)
index CREATE INDEX analytics_aggregates_top ON global_state.analytics_aggregates USING btree (build, aggregate_type, changes DESC, aggregate_id)
index CREATE UNIQUE INDEX analytics_builds_pkey ON global_state.analytics_builds USING btree (singleton)
index CREATE UNIQUE INDEX analytics_day_aggregates_pkey ON global_state.analytics_day_aggregates USING btree (build, day, aggregate_type, aggregate_id)
index CREATE UNIQUE INDEX analytics_event_types_pkey ON global_state.analytics_event_types USING btree (build, hour, aggregate_type, event_type)
index CREATE UNIQUE INDEX analytics_hour_aggregates_pkey ON global_state.analytics_hour_aggregates USING btree (build, hour, aggregate_type, aggregate_id)
index CREATE UNIQUE INDEX analytics_hours_pkey ON global_state.analytics_hours USING btree (build, hour, aggregate_type)
index CREATE UNIQUE INDEX analytics_latencies_pkey ON global_state.analytics_latencies USING btree (build, hours, hour, aggregate_type, event_type, foreign_origin, slot)
index CREATE UNIQUE INDEX audit_entries_pkey ON ONLY global_state.audit_entries USING btree (at, id, phase)
index CREATE UNIQUE INDEX checkpoints_pkey ON global_state.checkpoints USING btree (consumer, partition)
index CREATE INDEX command_receipts_created_at_idx ON global_state.command_receipts USING btree (created_at)
index CREATE UNIQUE INDEX command_receipts_pkey ON global_state.command_receipts USING btree (key)
index CREATE UNIQUE INDEX dead_letters_number_key ON global_state.dead_letters USING btree (number)
index CREATE UNIQUE INDEX dead_letters_parked ON global_state.dead_letters USING btree (consumer, aggregate_id, aggregate_type) WHERE (status = 'parked'::text)
index CREATE UNIQUE INDEX dead_letters_pkey ON global_state.dead_letters USING btree (id)
index CREATE INDEX events_causation ON global_state.events USING btree (causation_id) WHERE (causation_id IS NOT NULL)
index CREATE INDEX events_correlation ON global_state.events USING btree (correlation_id) WHERE (correlation_id IS NOT NULL)
index CREATE UNIQUE INDEX events_event_id_key ON global_state.events USING btree (event_id, aggregate_id, aggregate_type)
index CREATE UNIQUE INDEX events_pkey ON global_state.events USING btree (partition, "position")
index CREATE UNIQUE INDEX events_version_key ON global_state.events USING btree (aggregate_id, aggregate_type, version)
index CREATE INDEX flag_actions_flag ON global_state.flag_actions USING btree (flag_id, number)
index CREATE UNIQUE INDEX flag_actions_pkey ON global_state.flag_actions USING btree (number)
index CREATE UNIQUE INDEX flags_number_key ON global_state.flags USING btree (number)
index CREATE UNIQUE INDEX flags_once ON global_state.flags USING btree (aggregate_id, aggregate_type, version, rule)
index CREATE INDEX flags_open ON global_state.flags USING btree (number) WHERE (status = ANY (ARRAY['open'::text, 'assigned'::text]))
index CREATE UNIQUE INDEX flags_pkey ON global_state.flags USING btree (id)
index CREATE INDEX flags_rule ON global_state.flags USING btree (rule, status)
index CREATE UNIQUE INDEX log_epoch_pkey ON global_state.log_epoch USING btree (singleton)
index CREATE UNIQUE INDEX log_heads_pkey ON global_state.log_heads USING btree (partition)
index CREATE UNIQUE INDEX log_roots_pkey ON global_state.log_roots USING btree (partition, number)
index CREATE INDEX operation_targets_operation ON global_state.operation_targets USING btree (operation_id)
index CREATE UNIQUE INDEX operation_targets_pkey ON global_state.operation_targets USING btree (target)
index CREATE UNIQUE INDEX operations_number_key ON global_state.operations USING btree (number)
index CREATE UNIQUE INDEX operations_pkey ON global_state.operations USING btree (id)
index CREATE UNIQUE INDEX operations_request_key_key ON global_state.operations USING btree (request_key)
index CREATE INDEX operations_unfinished ON global_state.operations USING btree (number) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text, 'cancelling'::text]))
index CREATE UNIQUE INDEX quarantines_active ON global_state.quarantines USING btree (aggregate_id, aggregate_type) WHERE (released_at IS NULL)
index CREATE INDEX quarantines_aggregate ON global_state.quarantines USING btree (aggregate_id, aggregate_type, number)
index CREATE UNIQUE INDEX quarantines_pkey ON global_state.quarantines USING btree (number)
index CREATE UNIQUE INDEX rollback_acts_pkey ON global_state.rollback_acts USING btree (aggregate_id, aggregate_type, rollback_id, kind)
index CREATE INDEX rollbacks_expiring ON global_state.rollbacks USING btree (expires_at) WHERE (status = 'previewed'::text)
index CREATE UNIQUE INDEX rollbacks_number_key ON global_state.rollbacks USING btree (number)
index CREATE UNIQUE INDEX rollbacks_pkey ON global_state.rollbacks USING btree (id)
index CREATE UNIQUE INDEX rolled_back_events_pkey ON global_state.rolled_back_events USING btree (aggregate_id, aggregate_type, version, rollback_id)
index CREATE INDEX rolled_back_events_ranges ON global_state.rolled_back_events USING btree (aggregate_id, aggregate_type) WHERE (to_version IS NOT NULL)
index CREATE INDEX rolled_back_events_rollback ON global_state.rolled_back_events USING btree (rollback_id)
index CREATE UNIQUE INDEX stale_state_builds_pkey ON global_state.stale_state_builds USING btree (build, aggregate_type)
index CREATE UNIQUE INDEX state_builds_pkey ON global_state.state_builds USING btree (aggregate_type)
index CREATE UNIQUE INDEX state_rebuilds_pkey ON global_state.state_rebuilds USING btree (build)
index CREATE INDEX stream_tickets_expires_at ON global_state.stream_tickets USING btree (expires_at)
index CREATE UNIQUE INDEX stream_tickets_pkey ON global_state.stream_tickets USING btree (hash)
index CREATE UNIQUE INDEX token_revocation_head_pkey ON global_state.token_revocation_head USING btree (singleton)
index CREATE UNIQUE INDEX token_revocations_name_key ON global_state.token_revocations USING btree (kind, name)
index CREATE UNIQUE INDEX token_revocations_pkey ON global_state.token_revocations USING btree (id)
index CREATE UNIQUE INDEX token_revocations_revision_key ON global_state.token_revocations USING btree (revision)

trigger CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON global_state.audit_entries FOR EACH STATEMENT EXECUTE FUNCTION global_state.refuse_change()
trigger CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON global_state.events FOR EACH STATEMENT EXECUTE FUNCTION global_state.refuse_change()
trigger CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON global_state.flag_actions FOR EACH STATEMENT EXECUTE FUNCTION global_state.refuse_change()
trigger CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON global_state.log_roots FOR EACH STATEMENT EXECUTE FUNCTION global_state.refuse_change()

view global_state.aggregate_states  SELECT aggregate_type,
    aggregate_id,
    partition,
    generation,
    version,
    deleted,
    data,
    checksum,
    clocks,
    hash,
    hlc,
    fold_generation,
    "position",
    last_modified
   FROM global_state.aggregate_state_builds state
  WHERE (build = COALESCE(( SELECT live.build
           FROM global_state.state_builds live
          WHERE (live.aggregate_type = state.aggregate_type)), 0));

CREATE OR REPLACE FUNCTION global_state.append_group(p_partitions smallint[], p_origin text, e_chain integer[], e_partition smallint[], e_event_id uuid[], e_type text[], e_id uuid[], e_generation integer[], e_version bigint[], e_event_type text[], e_schema_version smallint[], e_data json[], e_ops json[], e_metadata json[], e_actor text[], e_command_key text[], e_correlation_id uuid[], e_causation_id uuid[], e_server_id text[], e_player_id uuid[], e_session_id uuid[], e_hlc bigint[], e_hash bytea[], e_suspects integer[], s_last integer[], s_base bigint[], s_build integer[], s_revision integer[], s_deleted boolean[], s_data json[], s_checksum bytea[], s_clocks json[], s_memory json[], s_fold integer, r_chain integer[], r_key text[], r_fingerprint text[], r_refs json[])
 RETURNS json
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
  END $function$

CREATE OR REPLACE FUNCTION global_state.drop_audit_partition(before date)
 RETURNS text
 LANGUAGE plpgsql
 SET lock_timeout TO '500ms'
AS $function$
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
END $function$

CREATE OR REPLACE FUNCTION global_state.make_audit_partition(day date)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$

CREATE OR REPLACE FUNCTION global_state.position_at(which smallint, moment timestamp with time zone)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
AS $function$
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
END $function$

CREATE OR REPLACE FUNCTION global_state.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
  BEGIN
    RAISE EXCEPTION 'global_state.% is append-only: % refused', TG_TABLE_NAME, TG_OP
      USING ERRCODE = 'insufficient_privilege';
  END $function$

CREATE OR REPLACE FUNCTION global_state.version_at(a_type text, a_id uuid, upto bigint)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
AS $function$
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
END $function$

