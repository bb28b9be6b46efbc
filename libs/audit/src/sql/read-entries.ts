import type { PoolClient } from 'pg';
import type { AuditEntry } from '../entry.js';
import type { AuditFilter, Bounds } from '../search.js';

/** Of an action that was written down before it was done, the second row tells how it ended. Planned for its values. */
const READ = `
  SELECT e.id, e.at, e.kind, e.actor, e.action, coalesce(ending.target, e.target) AS target, e.parameters,
    coalesce(e.outcome, ending.outcome, 'begun') AS outcome, coalesce(e.status, ending.status) AS status, coalesce(e.error, ending.error) AS error,
    coalesce(e.reason, ending.reason) AS reason, e.trace_id AS "traceId", e.request_id AS "requestId", e.address, e.count
  FROM global_state.audit_entries AS e
  LEFT JOIN global_state.audit_entries AS ending ON ending.at = e.at AND ending.id = e.id AND ending.phase = 1
  WHERE e.phase = 0 AND e.at >= $1 AND e.at <= $2 AND (e.at, e.id) < ($2, $3::uuid)
    AND ($4::text IS NULL OR e.actor = $4) AND ($5::text IS NULL OR e.kind = $5)
    AND ($6::text IS NULL OR coalesce(e.outcome, ending.outcome, 'begun') = $6)
    AND ($7::text IS NULL OR e.aggregate_type = $7) AND ($8::text IS NULL OR e.aggregate_id = $8)
  ORDER BY e.at DESC, e.id DESC LIMIT $9`;

type Row = { [Key in keyof AuditEntry]: AuditEntry[Key] | null };

/** What left no event, newest first. */
export async function readEntries(
  client: PoolClient, { actor, kind, outcome, aggregateType, aggregateId }: AuditFilter, { from, before }: Bounds, limit: number,
): Promise<AuditEntry[]> {
  if (kind === 'command') return [];
  const { rows } = await client.query<Row>(READ, [
    from, before.at, before.id, actor ?? null, kind ?? null, outcome ?? null, aggregateType ?? null, aggregateId ?? null, limit,
  ]);
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as AuditEntry);
}
