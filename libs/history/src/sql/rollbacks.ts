import type { AggregateRef, Difference } from '@app/kernel';
import type { Conflict } from '../rollback/plan.js';
import type { Scope } from '../rollback/scope.js';
import type { Chosen, Database } from './select-events.js';

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
  executing: { from: ['previewed', 'executing'], set: 'reason = coalesce(reason, $3), executed_by = coalesce(executed_by, $4)' },
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

/** Notes which events a rollback takes back. */
export async function noteRolledBack(db: Database, id: string, chosen: readonly Chosen[]): Promise<void> {
  const all = chosen.flatMap(({ ref, versions }) => versions.map((version) => ({ ref, version })));
  const column = <T>(of: (event: { ref: AggregateRef; version: number }) => T): T[] => all.map(of);
  await db.query(`
    INSERT INTO global_state.rolled_back_events SELECT $1, * FROM unnest($2::text[], $3::uuid[], $4::bigint[]) ON CONFLICT DO NOTHING`,
  [id, column(({ ref }) => ref.type), column(({ ref }) => ref.id), column(({ version }) => version)]);
}
