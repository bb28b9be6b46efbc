import { type Queryable, run } from '@app/event-store';
import type { JsonObject } from '@app/kernel';
import type { Operation, OperationOutcome } from '../operation.js';
import type { Hold, Progress } from './hold-operation.js';
import { COLUMNS, type OperationRow, toOperation } from './operation-row.js';

export interface Ending extends Progress {
  readonly outcome: OperationOutcome;
  readonly result?: JsonObject;
  readonly error?: string;
}

const FINISH = {
  name: 'finish-operation',
  text: `
    WITH finished AS (
      UPDATE global_state.operations AS known SET status = $3, result = $4, error = $5, done = $6, total = $7, rate = $8, finished_at = now(),
        leased_until = NULL
      WHERE known.id = $1 AND known.lease = $2 AND known.status IN ('running', 'cancelling') RETURNING ${COLUMNS}
    ), freed AS (
      DELETE FROM global_state.operation_targets WHERE operation_id IN (SELECT id FROM finished)
    )
    SELECT * FROM finished`,
};

/** Ends an operation and frees its targets. @returns undefined if it is no longer held */
export async function finishOperation(
  db: Queryable, { id, lease }: Hold, { outcome, result, error, done, total, rate }: Ending,
): Promise<Operation | undefined> {
  const [row] = await run<OperationRow>(db, FINISH, [
    id, lease, outcome, result ? JSON.stringify(result) : null, error ?? null, done, total, rate,
  ]);
  return row && toOperation(row);
}
