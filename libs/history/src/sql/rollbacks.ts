import { inTransaction } from '@app/event-store';
import type { AggregateRef, Difference } from '@app/kernel';
import type { Pool } from 'pg';
import type { Conflict } from '../rollback/conflicts.js';
import type { Scope } from '../rollback/scope.js';
import { noteActs } from './rollback-acts.js';
import { type Chosen, type Database, IN_FORCE } from './select-events.js';

export type RollbackStatus = 'previewed' | 'executing' | 'executed' | 'undoing' | 'undone';

/** An aggregate that a rollback changes, as the preview found it. */
export interface Affected {
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly version: number;
  readonly diff: readonly Difference[];
}

export interface Rollback {
  readonly id: string;
  /** In the order of previews. */
  readonly number: number;
  readonly scope: Scope;
  readonly status: RollbackStatus;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly affected: readonly Affected[];
  readonly conflicts: readonly (Conflict & Pick<Affected, 'aggregateType' | 'aggregateId'>)[];
  readonly reason?: string;
  readonly executedBy?: string;
  readonly executedAt?: Date;
  readonly undoReason?: string;
  readonly undoneBy?: string;
  readonly undoneAt?: Date;
}

/** A rollback as a list shows it: how much it is about, not what. */
export interface ListedRollback extends Omit<Rollback, 'affected' | 'conflicts'> {
  readonly aggregates: number;
  readonly conflicts: number;
}

const LISTED = `id, number, scope, status, created_by AS "createdBy", created_at AS "createdAt", expires_at AS "expiresAt",
  reason, executed_by AS "executedBy", executed_at AS "executedAt", undo_reason AS "undoReason", undone_by AS "undoneBy", undone_at AS "undoneAt"`;
const COLUMNS = `${LISTED}, affected, conflicts`;

type Row<T> = { [Key in keyof T]: T[Key] | null };

const read = <T extends { readonly number: number }>(row: Row<T>): T =>
  ({ ...Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)), number: Number(row.number) }) as unknown as T;

/** Previews that nobody can execute any more are told to be stale for so long. */
const KEPT_AFTER_EXPIRY = `interval '1 hour'`;
const PURGED_AT_ONCE = 100;

/** Keeps a preview for so many seconds, and lets go of some that expired long ago. */
export async function putPreview(
  db: Database, preview: Pick<Rollback, 'id' | 'scope' | 'createdBy' | 'affected' | 'conflicts'>, seconds: number,
): Promise<Rollback> {
  const { id, scope, createdBy, affected, conflicts } = preview;
  // Who is about to execute one has its row locked; it expired for him as well.
  await db.query(`
    DELETE FROM global_state.rollbacks WHERE id IN (
      SELECT id FROM global_state.rollbacks WHERE status = 'previewed' AND expires_at < now() - ${KEPT_AFTER_EXPIRY}
      ORDER BY expires_at LIMIT ${PURGED_AT_ONCE} FOR UPDATE SKIP LOCKED)`);
  const { rows } = await db.query<Row<Rollback>>(`
    INSERT INTO global_state.rollbacks (id, scope, status, created_by, affected, conflicts, expires_at, aggregate_types)
    VALUES ($1, $2, 'previewed', $3, $4, $5, now() + $6 * interval '1 second', $7) RETURNING ${COLUMNS}`,
  [id, JSON.stringify(scope), createdBy, JSON.stringify(affected), JSON.stringify(conflicts), seconds, [...new Set(affected.map(({ aggregateType }) => aggregateType))]]);
  return read(rows[0]!);
}

export async function getRollback(db: Database, id: string): Promise<Rollback | undefined> {
  const { rows: [row] } = await db.query<Row<Rollback>>(`SELECT ${COLUMNS} FROM global_state.rollbacks WHERE id = $1`, [id]);
  return row && read(row);
}

/** The newest first. @param before the number of the last one that was seen @param types of whose aggregates alone; absent: of any */
export async function listRollbacks(
  db: Database, before: number | undefined, types: readonly string[] | undefined, limit: number,
): Promise<ListedRollback[]> {
  const { rows } = await db.query<Row<ListedRollback>>(`
    SELECT ${LISTED}, json_array_length(affected) AS aggregates, json_array_length(conflicts) AS conflicts FROM global_state.rollbacks
    WHERE ($1::bigint IS NULL OR number < $1) AND ($2::text[] IS NULL OR aggregate_types <@ $2) ORDER BY number DESC LIMIT $3`,
  [before ?? null, types ?? null, limit]);
  return rows.map((row) => read(row));
}

const STEPS = {
  executing: { from: ['previewed'], set: 'reason = coalesce(reason, $3), executed_by = coalesce(executed_by, $4)' },
  executed: { from: ['executing'], set: 'executed_at = now(), reason = coalesce($3, reason), executed_by = coalesce($4, executed_by)' },
  undoing: { from: ['executing', 'executed'], set: 'undo_reason = coalesce(undo_reason, $3), undone_by = coalesce(undone_by, $4)' },
  undone: { from: ['undoing'], set: 'undone_at = now(), undo_reason = coalesce($3, undo_reason), undone_by = coalesce($4, undone_by)' },
} as const;

/** Takes a rollback one step further; `undefined` if that is not its next one. */
export async function advance(
  db: Database, id: string, to: keyof typeof STEPS, by: { reason?: string; subject?: string } = {},
): Promise<Rollback | undefined> {
  const { from, set } = STEPS[to];
  const { rows: [row] } = await db.query<Row<Rollback>>(`
    UPDATE global_state.rollbacks SET status = $2, ${set}
    WHERE id = $1 AND status = ANY ($5) RETURNING ${COLUMNS}`, [id, to, by.reason ?? null, by.subject ?? null, from]);
  return row && read(row);
}

/** One begins after the other, else neither of two sees what the other takes back. Reads go on. */
const LOCK = 'LOCK TABLE global_state.rolled_back_events IN SHARE ROW EXCLUSIVE MODE';

/**
 * Begins a rollback and notes which events it takes back, in one transaction: from then on it is these, whatever comes after.
 * @returns `undefined`, and does nothing, where it is not a preview any more or another one takes back some of it
 */
export async function beginRollback(
  pool: Pool, id: string, chosen: readonly Chosen[], by: { reason: string; subject: string },
): Promise<Rollback | undefined> {
  return inTransaction(pool, async (client) => {
    await client.query(LOCK);
    if (await isTaken(client, chosen)) return undefined;
    const begun = await advance(client, id, 'executing', by);
    if (!begun) return undefined;
    await noteRolledBack(client, id, chosen);
    await noteActs(client, id, 'taken');
    return begun;
  });
}

/** Begins to undo a rollback, also one that cannot come to its end. @returns `undefined` where it is not one that was begun */
export async function beginUndo(pool: Pool, id: string, by: { reason: string; subject: string }): Promise<Rollback | undefined> {
  return inTransaction(pool, async (client) => {
    await client.query(LOCK);
    const begun = await advance(client, id, 'undoing', by);
    if (begun) await noteActs(client, id, 'undone');
    return begun;
  });
}

/** An event, or every one up to another version. */
interface Noted extends AggregateRef {
  readonly version: number;
  readonly to: number | null;
}

function noted(chosen: readonly Chosen[]): Noted[] {
  return chosen.flatMap(({ ref, versions }): Noted[] =>
    'from' in versions ? [{ ...ref, version: versions.from, to: versions.to }] : versions.map((version) => ({ ...ref, version, to: null })));
}

function columnsOf(rows: readonly Noted[]): unknown[][] {
  return [rows.map(({ type }) => type), rows.map(({ id }) => id), rows.map(({ version }) => version), rows.map(({ to }) => to)];
}

/**
 * Whether another rollback takes back some of it. Who goes back to a version takes back other rollbacks with what they took back, but not
 * while they are at it.
 */
async function isTaken(db: Database, chosen: readonly Chosen[]): Promise<boolean> {
  const { rows: [row] } = await db.query<{ taken: boolean }>(`
    SELECT EXISTS (
      SELECT FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[]) AS chosen(aggregate_type, aggregate_id, version, to_version)
      WHERE CASE WHEN to_version IS NULL THEN NOT (${IN_FORCE}) ELSE EXISTS (
        SELECT FROM global_state.rolled_back_events AS gone JOIN global_state.rollbacks AS r ON r.id = gone.rollback_id
        WHERE gone.aggregate_id = chosen.aggregate_id AND gone.aggregate_type = chosen.aggregate_type
          AND gone.version <= chosen.to_version AND coalesce(gone.to_version, gone.version) >= chosen.version
          AND r.status IN ('executing', 'undoing')) END
    ) AS taken`, columnsOf(noted(chosen)));
  return row!.taken;
}

async function noteRolledBack(db: Database, id: string, chosen: readonly Chosen[]): Promise<void> {
  await db.query(`
    INSERT INTO global_state.rolled_back_events (rollback_id, aggregate_type, aggregate_id, version, to_version)
    SELECT $5, * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[])`, [...columnsOf(noted(chosen)), id]);
}

/** The aggregates of which a rollback took back something, or is taking it back. */
export async function rolledBack(db: Database, id: string): Promise<AggregateRef[]> {
  const { rows } = await db.query<{ type: string; id: string }>(`
    SELECT DISTINCT aggregate_type AS type, aggregate_id AS id FROM global_state.rolled_back_events WHERE rollback_id = $1 ORDER BY 1, 2`, [id]);
  return rows.map((row) => ({ type: row.type, id: row.id }));
}
