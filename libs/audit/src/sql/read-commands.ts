import { canonicalJson, changesOf, type JsonObject, type Op } from '@app/kernel';
import { parseTraceparent } from '@app/observability';
import type { PoolClient } from 'pg';
import type { AuditEntry } from '../entry.js';
import { redact } from '../redact.js';
import type { AuditFilter, Bounds } from '../search.js';

/** An event as an entry, and its place in the log. */
export interface PlacedCommand {
  readonly position: number;
  readonly entry: AuditEntry;
}

/** Longer data are not read for an entry that could not hold them. */
const MAX_DATA = 16 * 1024;

const READ = `
  SELECT position::float8, event_id, aggregate_type, aggregate_id, version::float8, event_type, actor, correlation_id, causation_id, committed_at,
    CASE WHEN octet_length(data::text) <= ${MAX_DATA} THEN data END AS data, octet_length(data::text) AS bytes,
    CASE WHEN octet_length(ops::text) <= ${MAX_DATA} THEN ops END AS ops, octet_length(ops::text) AS "opsBytes", metadata->>'traceparent' AS traceparent
  FROM global_state.events
  WHERE partition = 0 AND position > $1 AND position < $2 AND ($3::text IS NULL OR actor = $3)`;

const OF_LOG = `${READ} AND ($4::text IS NULL OR aggregate_type = $4) ORDER BY position DESC LIMIT $5`;
/** By the index of versions, whose order is that of the positions. */
const OF_AGGREGATE = `${READ} AND aggregate_type = $4 AND aggregate_id = $6::uuid ORDER BY version DESC LIMIT $5`;

interface Row {
  readonly position: number;
  readonly event_id: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly version: number;
  readonly event_type: string;
  readonly actor: string;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
  readonly committed_at: Date;
  readonly data: JsonObject | null;
  readonly bytes: number;
  readonly ops: readonly Op[] | null;
  readonly opsBytes: number;
  readonly traceparent: string | null;
}

/** Events as entries, newest first: all were accepted. */
export async function readCommands(
  client: PoolClient, { actor, kind, outcome, aggregateType, aggregateId }: AuditFilter, { fromPosition, beforePosition }: Bounds, limit: number,
): Promise<PlacedCommand[]> {
  if ((kind ?? 'command') !== 'command' || (outcome ?? 'accepted') !== 'accepted') return [];
  const values = [fromPosition, beforePosition, actor ?? null, aggregateType ?? null, limit];
  const { rows } = aggregateId === undefined
    ? await client.query<Row>(OF_LOG, values) : await client.query<Row>(OF_AGGREGATE, [...values, aggregateId]);
  return rows.map((row) => ({ position: row.position, entry: toEntry(row) }));
}

function toEntry(row: Row): AuditEntry {
  const traceId = parseTraceparent(row.traceparent ?? undefined)?.traceId;
  return {
    id: row.event_id, at: row.committed_at, kind: 'command', actor: row.actor, action: row.event_type,
    target: {
      aggregateType: row.aggregate_type, aggregateId: row.aggregate_id, version: row.version,
      ...(row.correlation_id !== null && { correlationId: row.correlation_id }), ...(row.causation_id !== null && { causationId: row.causation_id }),
    },
    parameters: row.data ? redact(row.data) : { truncated: true, bytes: row.bytes },
    ...changesIn(row), outcome: 'accepted', ...(traceId !== undefined && { traceId }), count: 1,
  };
}

/** What an event says and what it does may be two things: `stateChanges` are only here. */
function changesIn({ data, ops, opsBytes }: Row): Pick<AuditEntry, 'changes'> {
  if (!ops) return { changes: { truncated: true, bytes: opsBytes } };
  const changes = changesOf(ops);
  return data && canonicalJson(changes) === canonicalJson(data) ? {} : { changes: redact(changes) };
}
