import type { Queryable } from '@app/event-store';
import type { Violation } from '@app/kernel';

export const FLAG_STATUSES = ['open', 'assigned', 'confirmed', 'dismissed'] as const;
export type FlagStatus = (typeof FLAG_STATUSES)[number];
export type Resolution = Extract<FlagStatus, 'confirmed' | 'dismissed'>;

/** An event that broke a rule, under review. */
export interface Flag {
  readonly id: string;
  /** In the order they were raised. */
  readonly number: number;
  readonly status: FlagStatus;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly version: number;
  readonly eventId: string;
  readonly actor: string;
  readonly occurredAt: Date;
  readonly raisedAt: Date;
  readonly violation: Violation;
  /** The operation that found it in the past. */
  readonly operationId?: string;
  readonly assignee?: string;
  readonly resolvedBy?: string;
  readonly resolvedAt?: Date;
  readonly note?: string;
}

/** A step of a review. */
export interface FlagAction {
  readonly action: 'assigned' | Resolution;
  readonly actor: string;
  readonly actedAt: Date;
  readonly assignee?: string;
  readonly note?: string;
}

const COLUMNS = `id, number, status, aggregate_type AS "aggregateType", aggregate_id AS "aggregateId", version, event_id AS "eventId", actor,
  occurred_at AS "occurredAt", raised_at AS "raisedAt", violation, operation_id AS "operationId", assignee, resolved_by AS "resolvedBy",
  resolved_at AS "resolvedAt", note`;

type Row = { [Key in keyof Flag]: Flag[Key] | null };

function read(row: Row): Flag {
  return { ...present<Flag>(row), number: Number(row.number), version: Number(row.version) };
}

function present<T>(row: object): T {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as T;
}

/** Which flags; each that is absent does not narrow. */
export interface FlagQuery {
  readonly status?: FlagStatus;
  readonly rule?: string;
  readonly aggregateType?: string;
  readonly aggregateId?: string;
  /** The types that whoever asks may see. */
  readonly types?: readonly string[];
  /** The number of the last one that was seen. */
  readonly before?: number;
  readonly limit: number;
}

/** The newest first. */
export async function listFlags(db: Queryable, query: FlagQuery): Promise<Flag[]> {
  const { status, rule, aggregateType, aggregateId, types, before, limit } = query;
  const { rows } = await db.query<Row>(`
    SELECT ${COLUMNS} FROM global_state.flags
    WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR rule = $2) AND ($3::text IS NULL OR aggregate_type = $3)
      AND ($4::uuid IS NULL OR aggregate_id = $4) AND ($5::text[] IS NULL OR aggregate_type = ANY ($5)) AND ($6::bigint IS NULL OR number < $6)
    ORDER BY number DESC LIMIT $7`,
  [status ?? null, rule ?? null, aggregateType ?? null, aggregateId ?? null, types ?? null, before ?? null, limit]);
  return rows.map(read);
}

export async function getFlag(db: Queryable, id: string): Promise<Flag | undefined> {
  const { rows: [row] } = await db.query<Row>(`SELECT ${COLUMNS} FROM global_state.flags WHERE id = $1`, [id]);
  return row && read(row);
}

/** All steps of a review, in order. */
export async function flagActions(db: Queryable, id: string): Promise<FlagAction[]> {
  const { rows } = await db.query<object>(`
    SELECT action, actor, acted_at AS "actedAt", assignee, note FROM global_state.flag_actions WHERE flag_id = $1 ORDER BY number`, [id]);
  return rows.map((row) => present<FlagAction>(row));
}

/** One statement: the row's lock decides who was first, and the step is kept exactly if it was taken. */
const STEP = `
  WITH moved AS (
    UPDATE global_state.flags SET status = $2, assignee = coalesce($4, assignee),
      resolved_by = CASE WHEN $2 <> 'assigned' THEN $3 END, resolved_at = CASE WHEN $2 <> 'assigned' THEN now() END, note = $5
    WHERE id = $1 AND status IN ('open', 'assigned') RETURNING ${COLUMNS}
  ), noted AS (
    INSERT INTO global_state.flag_actions (flag_id, action, actor, assignee, note) SELECT id, $2, $3, $4, $5 FROM moved
  )
  SELECT * FROM moved`;

/** Takes a review a step further; `undefined` if the flag is resolved, or not there. */
export async function stepFlag(
  db: Queryable, id: string, step: { action: FlagAction['action']; actor: string; assignee?: string; note?: string },
): Promise<Flag | undefined> {
  const { rows: [row] } = await db.query<Row>(STEP, [id, step.action, step.actor, step.assignee ?? null, step.note ?? null]);
  return row && read(row);
}

/** How many flags a rule has, by status. */
export async function countFlags(db: Queryable): Promise<{ rule: string; status: FlagStatus; count: number }[]> {
  const { rows } = await db.query<{ rule: string; status: FlagStatus; count: string }>(
    'SELECT rule, status, count(*) FROM global_state.flags GROUP BY rule, status');
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}
