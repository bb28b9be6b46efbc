import { type Queryable, run } from '@app/event-store';
import type { Operation } from '../operation.js';
import { COLUMNS, type OperationRow, toOperation } from './operation-row.js';

/** Of one that waits nothing is under way, so it ends here; one that runs ends when its runner has let go of it. */
const CANCEL = {
  name: 'cancel-operation',
  text: `
    WITH asked AS (
      UPDATE global_state.operations AS known SET
        status = CASE known.status WHEN 'queued' THEN 'cancelled' ELSE 'cancelling' END,
        finished_at = CASE known.status WHEN 'queued' THEN now() END
      WHERE known.id = $1 AND known.status IN ('queued', 'running', 'cancelling') RETURNING ${COLUMNS}
    ), freed AS (
      DELETE FROM global_state.operation_targets WHERE operation_id IN (SELECT id FROM asked WHERE status = 'cancelled')
    )
    SELECT * FROM asked`,
};

/** Asks for the end of an operation; undefined if it has none to come. */
export async function cancelOperation(db: Queryable, id: string): Promise<Operation | undefined> {
  const [row] = await run<OperationRow>(db, CANCEL, [id]);
  return row && toOperation(row);
}
