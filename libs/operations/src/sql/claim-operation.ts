import { type Queryable, run } from '@app/event-store';
import type { JsonObject } from '@app/kernel';
import type { Operation } from '../operation.js';
import { COLUMNS, type OperationRow, toOperation } from './operation-row.js';

/** An operation that this instance may work on until the lease runs out. */
export interface Claimed {
  readonly operation: Operation;
  /** Its number of this lease: a later one is somebody else's. */
  readonly lease: number;
  readonly saved: JsonObject | undefined;
  /** How often it was begun since something was saved, this one included. */
  readonly tries: number;
}

/**
 * The oldest that waits, or whose lease ran out. A row that is locked is being claimed, saved or cancelled: it is looked at again
 * a moment later.
 */
const CLAIM = {
  name: 'claim-operation',
  text: `
    WITH due AS (
      SELECT id FROM global_state.operations
      WHERE status IN ('queued', 'running', 'cancelling') AND (kind = ANY ($1) OR status = 'cancelling')
        AND (leased_until IS NULL OR leased_until < clock_timestamp())
      ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE global_state.operations AS known SET status = CASE known.status WHEN 'queued' THEN 'running' ELSE known.status END,
      lease = known.lease + 1, leased_by = $2, leased_until = clock_timestamp() + $3 * interval '1 ms', tries = known.tries + 1,
      started_at = coalesce(known.started_at, now())
    FROM due WHERE known.id = due.id
    RETURNING ${COLUMNS}, known.lease::float8, known.saved, known.tries`,
};

type Row = OperationRow & { lease: number; saved: JsonObject | null; tries: number };

/** Takes up an operation of one of the kinds, or one that has only to end, if one is due. @param leaseMs after which it is anybody's again unless it is renewed */
export async function claimOperation(
  db: Queryable, kinds: readonly string[], instance: string, leaseMs: number,
): Promise<Claimed | undefined> {
  const [row] = await run<Row>(db, CLAIM, [kinds, instance, leaseMs]);
  if (!row) return undefined;
  const { lease, saved, tries, ...operation } = row;
  return { operation: toOperation(operation), lease, saved: saved ?? undefined, tries };
}
