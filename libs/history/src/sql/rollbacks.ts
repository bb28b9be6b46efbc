import { inTransaction } from '@app/event-store';
import type { AggregateRef, Difference } from '@app/kernel';
import type { Pool } from 'pg';
import type { Conflict } from '../rollback/plan.js';
import type { Scope } from '../rollback/scope.js';
import { type Chosen, type Database, inForce } from './select-events.js';

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

const COLUMNS = `id, number, scope, status, created_by AS "createdBy", created_at AS "createdAt", expires_at AS "expiresAt", affected, conflicts,
  reason, executed_by AS "executedBy", executed_at AS "executedAt", undo_reason AS "undoReason", undone_by AS "undoneBy", undone_at AS "undoneAt"`;

type Row = { [Key in keyof Rollback]: Rollback[Key] | null };

const read = (row: Row): Rollback =>
  ({ ...Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)), number: Number(row.number) }) as unknown as Rollback;

/** Keeps a preview for so many seconds. */
export async function putPreview(
  db: Database, preview: Pick<Rollback, 'id' | 'scope' | 'createdBy' | 'affected' | 'conflicts'>, seconds: number,
): Promise<Rollback> {
  const { id, scope, createdBy, affected, conflicts } = preview;
  const { rows } = await db.query<Row>(`
    INSERT INTO global_state.rollbacks (id, scope, status, created_by, affected, conflicts, expires_at)
    VALUES ($1, $2, 'previewed', $3, $4, $5, now() + $6 * interval '1 second') RETURNING ${COLUMNS}`,
  [id, JSON.stringify(scope), createdBy, JSON.stringify(affected), JSON.stringify(conflicts), seconds]);
  return read(rows[0]!);
}

export async function getRollback(db: Database, id: string): Promise<Rollback | undefined> {
  const { rows: [row] } = await db.query<Row>(`SELECT ${COLUMNS} FROM global_state.rollbacks WHERE id = $1`, [id]);
  return row && read(row);
}

/** The newest first. @param before the number of the last one that was seen */
export async function listRollbacks(db: Database, before: number | undefined, limit: number): Promise<Rollback[]> {
  const { rows } = await db.query<Row>(`
    SELECT ${COLUMNS} FROM global_state.rollbacks WHERE $1::bigint IS NULL OR number < $1 ORDER BY number DESC LIMIT $2`, [before ?? null, limit]);
  return rows.map(read);
}

const STEPS = {
  executing: { from: ['previewed'], set: 'reason = coalesce(reason, $3), executed_by = coalesce(executed_by, $4)' },
  executed: { from: ['executing'], set: 'executed_at = now(), reason = coalesce($3, reason), executed_by = coalesce($4, executed_by)' },
  undoing: { from: ['executed', 'undoing'], set: 'undo_reason = coalesce(undo_reason, $3), undone_by = coalesce(undone_by, $4)' },
  undone: { from: ['undoing'], set: 'undone_at = now(), undo_reason = coalesce($3, undo_reason), undone_by = coalesce($4, undone_by)' },
} as const;

/** Takes a rollback one step further; `undefined` if that is not its next one. */
export async function advance(
  db: Database, id: string, to: keyof typeof STEPS, by: { reason?: string; subject?: string } = {},
): Promise<Rollback | undefined> {
  const { from, set } = STEPS[to];
  const { rows: [row] } = await db.query<Row>(`
    UPDATE global_state.rollbacks SET status = $2, ${set}
    WHERE id = $1 AND status = ANY ($5) RETURNING ${COLUMNS}`, [id, to, by.reason ?? null, by.subject ?? null, from]);
  return row && read(row);
}

/**
 * Begins a rollback and notes which events it takes back, in one transaction: from then on it is these, whatever comes after.
 * @returns `undefined`, and does nothing, where it is not a preview any more or another one takes back some of it
 */
export async function beginRollback(
  pool: Pool, id: string, chosen: readonly Chosen[], by: { reason: string; subject: string },
): Promise<Rollback | undefined> {
  return inTransaction(pool, async (client) => {
    // One begins after the other, else neither of two sees what the other takes back. Reads go on.
    await client.query('LOCK TABLE global_state.rolled_back_events IN SHARE ROW EXCLUSIVE MODE');
    if (await isTaken(client, chosen)) return undefined;
    const begun = await advance(client, id, 'executing', by);
    if (begun) await noteRolledBack(client, id, chosen);
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
      WHERE CASE WHEN to_version IS NULL THEN NOT (${inForce('NULL')}) ELSE EXISTS (
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

/** The events that a rollback took back, or is taking back. */
export async function rolledBack(db: Database, id: string): Promise<Chosen[]> {
  const { rows } = await db.query<{ type: string; id: string; versions: string[]; to: string | null }>(`
    SELECT aggregate_type AS type, aggregate_id AS id, array_agg(version ORDER BY version) AS versions, to_version AS to
    FROM global_state.rolled_back_events WHERE rollback_id = $1
    GROUP BY aggregate_type, aggregate_id, to_version ORDER BY aggregate_type, aggregate_id`, [id]);
  return rows.map(({ versions, to, ...ref }) => ({
    ref, versions: to === null ? versions.map(Number) : { from: Number(versions[0]), to: Number(to) },
  }));
}
