import { hashEvent } from '@app/event-store';
import type { Client } from 'pg';
import type { ClientLog } from './client-log.js';

const PAGE_ROWS = 5000;
/** JSON as text: the hash is over the stored bytes. */
const PAGE = `SELECT partition, event_id, aggregate_type, aggregate_id, generation, version, event_type, schema_version,
    data::text AS data, ops::text AS ops, metadata::text AS metadata, actor, command_key, correlation_id, causation_id,
    server_id, player_id, session_id, origin_region, hlc, encode(hash, 'hex') AS hash
  FROM global_state.events WHERE (aggregate_id, aggregate_type, version) > ($1::uuid, $2, $3)
  ORDER BY aggregate_id, aggregate_type, version LIMIT ${PAGE_ROWS}`;

interface ChainRow {
  readonly partition: number;
  readonly event_id: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly generation: number;
  readonly version: string;
  readonly event_type: string;
  readonly schema_version: number;
  readonly data: string;
  readonly ops: string;
  readonly metadata: string | null;
  readonly actor: string;
  readonly command_key: string | null;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
  readonly server_id: string | null;
  readonly player_id: string | null;
  readonly session_id: string | null;
  readonly origin_region: string;
  readonly hlc: string;
  readonly hash: string;
}

const CHAIN_START = '0'.repeat(64);
const NIL = '00000000-0000-0000-0000-000000000000';

/** Every event's hash follows from its bytes and the hash before it, and its clock is greater than the one before. */
export async function checkChains(client: Client, log: ClientLog): Promise<void> {
  let before: ChainRow | undefined;
  for (;;) {
    const after = before ? [before.aggregate_id, before.aggregate_type, before.version] : [NIL, '', 0];
    const { rows } = await client.query<ChainRow>(PAGE, after);
    for (const row of rows) {
      const previous = before?.aggregate_id === row.aggregate_id ? before : undefined;
      const place = `${row.aggregate_type}/${row.aggregate_id}@${row.version}`;
      if (hashOf(row, previous?.hash ?? CHAIN_START) !== row.hash) log.violate('hash', `the chain breaks at ${place}`);
      if (previous && BigInt(row.hlc) <= BigInt(previous.hlc)) log.violate('order', `the clock stands at ${place}`);
      before = row;
    }
    if (rows.length < PAGE_ROWS) return;
  }
}

function hashOf(row: ChainRow, previous: string): string {
  return hashEvent(previous, {
    partition: row.partition, eventId: row.event_id, ref: { type: row.aggregate_type, id: row.aggregate_id },
    generation: row.generation, version: Number(row.version),
    draft: { type: row.event_type, schemaVersion: row.schema_version, data: {}, ops: [] }, // hashed as the texts below
    context: {
      actor: row.actor, correlationId: row.correlation_id ?? undefined, causationId: row.causation_id ?? undefined,
      serverId: row.server_id ?? undefined, playerId: row.player_id ?? undefined,
      sessionId: row.session_id ?? undefined,
    },
    commandKey: row.command_key ?? undefined, origin: row.origin_region, hlc: BigInt(row.hlc),
    text: { data: row.data, ops: row.ops, metadata: row.metadata ?? undefined },
  });
}
