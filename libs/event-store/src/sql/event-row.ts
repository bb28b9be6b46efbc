import type { JsonObject, Op, StoredEvent } from '@app/kernel';

/** The columns of an event as every reader of events selects them. */
export const EVENT_COLUMNS = `partition, position, event_id, aggregate_type, aggregate_id, generation, version, event_type,
  schema_version, data, ops, metadata, actor, command_key, correlation_id, causation_id, server_id, player_id, session_id,
  origin_region, origin_sequence, hlc, encode(hash, 'hex') AS hash, committed_at`;

/** What of an event may be large, in bytes. */
export const EVENT_BYTES = 'octet_length(data::text) + octet_length(ops::text)';

export interface EventRow {
  partition: number;
  position: string;
  event_id: string;
  aggregate_type: string;
  aggregate_id: string;
  generation: number;
  version: string;
  event_type: string;
  schema_version: number;
  data: JsonObject;
  ops: Op[];
  metadata: JsonObject | null;
  actor: string;
  command_key: string | null;
  correlation_id: string | null;
  causation_id: string | null;
  server_id: string | null;
  player_id: string | null;
  session_id: string | null;
  origin_region: string;
  origin_sequence: string;
  hlc: string;
  hash: string;
  committed_at: Date;
}

export function toStoredEvent(row: EventRow): StoredEvent {
  return {
    partition: row.partition,
    position: Number(row.position),
    eventId: row.event_id,
    ref: { type: row.aggregate_type, id: row.aggregate_id },
    generation: row.generation,
    version: Number(row.version),
    type: row.event_type,
    schemaVersion: row.schema_version,
    data: row.data,
    ops: row.ops,
    context: {
      actor: row.actor,
      metadata: row.metadata ?? undefined,
      correlationId: row.correlation_id ?? undefined,
      causationId: row.causation_id ?? undefined,
      serverId: row.server_id ?? undefined,
      playerId: row.player_id ?? undefined,
      sessionId: row.session_id ?? undefined,
    },
    commandKey: row.command_key ?? undefined,
    origin: row.origin_region,
    originSequence: Number(row.origin_sequence),
    hlc: BigInt(row.hlc),
    hash: row.hash,
    committedAt: row.committed_at,
  };
}
