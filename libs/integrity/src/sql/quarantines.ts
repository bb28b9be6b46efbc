import type { Queryable } from '@app/event-store';

/** That an aggregate is marked, or was. */
export interface Quarantine {
  readonly number: number;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly since: Date;
  /** The event and the rule that it was marked for. */
  readonly flagId: string;
  readonly rule: string;
  readonly eventId: string;
  readonly version: number;
  readonly releasedAt?: Date;
  readonly releasedBy?: string;
  readonly reason?: string;
}

const COLUMNS = `q.number, q.aggregate_type AS "aggregateType", q.aggregate_id AS "aggregateId", q.since, q.flag_id AS "flagId", f.rule,
  f.event_id AS "eventId", f.version, q.released_at AS "releasedAt", q.released_by AS "releasedBy", q.reason`;

const FROM = 'global_state.quarantines AS q JOIN global_state.flags AS f ON f.id = q.flag_id';

type Row = { [Key in keyof Quarantine]: Quarantine[Key] | null };

function read(row: Row): Quarantine {
  const there = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as Quarantine;
  return { ...there, number: Number(row.number), version: Number(row.version) };
}

/** Those in force, or those released; the newest first. @param before the number of the last one that was seen */
export async function listQuarantines(
  db: Queryable, query: { released: boolean; aggregateType?: string; types?: readonly string[]; before?: number; limit: number },
): Promise<Quarantine[]> {
  const { released, aggregateType, types, before, limit } = query;
  const { rows } = await db.query<Row>(`
    SELECT ${COLUMNS} FROM ${FROM}
    WHERE (q.released_at IS NOT NULL) = $1 AND ($2::text IS NULL OR q.aggregate_type = $2) AND ($3::text[] IS NULL OR q.aggregate_type = ANY ($3))
      AND ($4::bigint IS NULL OR q.number < $4)
    ORDER BY q.number DESC LIMIT $5`, [released, aggregateType ?? null, types ?? null, before ?? null, limit]);
  return rows.map(read);
}

/** All of an aggregate, the newest first. At most one, the first, is in force. */
export async function quarantinesOf(db: Queryable, type: string, id: string): Promise<Quarantine[]> {
  const { rows } = await db.query<Row>(`
    SELECT ${COLUMNS} FROM ${FROM} WHERE q.aggregate_id = $2 AND q.aggregate_type = $1 ORDER BY q.number DESC LIMIT 100`, [type, id]);
  return rows.map(read);
}

/** Ends the one in force. @returns whether there was one */
export async function releaseQuarantine(db: Queryable, type: string, id: string, by: { subject: string; reason: string }): Promise<boolean> {
  const { rowCount } = await db.query(`
    UPDATE global_state.quarantines SET released_at = now(), released_by = $3, reason = $4
    WHERE aggregate_id = $2 AND aggregate_type = $1 AND released_at IS NULL`, [type, id, by.subject, by.reason]);
  return rowCount === 1;
}

/** How much there is to do. */
export async function countOpen(db: Queryable): Promise<{ flags: number; quarantines: number }> {
  const { rows: [row] } = await db.query<{ flags: string; quarantines: string }>(`
    SELECT (SELECT count(*) FROM global_state.flags WHERE status IN ('open', 'assigned')) AS flags,
      (SELECT count(*) FROM global_state.quarantines WHERE released_at IS NULL) AS quarantines`);
  return { flags: Number(row!.flags), quarantines: Number(row!.quarantines) };
}
