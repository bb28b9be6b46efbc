import { inTransaction, run } from '@app/event-store';
import type { Pool } from 'pg';
import type { Operation } from '../operation.js';
import { COLUMNS, type OperationRow, toOperation } from './operation-row.js';
import { takeTargets } from './take-targets.js';

export type Resumed =
  | { readonly kind: 'resumed'; readonly operation: Operation }
  | { readonly kind: 'held'; readonly by: string | undefined }
  | { readonly kind: 'refused' };

/** Locked first: of two who resume it one finds it queued. */
const LOCK = {
  name: 'lock-ended-operation',
  text: `SELECT targets FROM global_state.operations WHERE id = $1 AND status IN ('failed', 'cancelled') FOR UPDATE`,
};

/** Where another one worked on the same targets since, what was saved stands for nothing any more: it begins anew. */
const RESUME = {
  name: 'resume-operation',
  text: `
    WITH late AS (
      SELECT EXISTS (
        SELECT FROM global_state.operations AS other JOIN global_state.operations AS one ON one.id = $1
        WHERE other.id <> one.id AND other.targets && one.targets AND other.started_at IS NOT NULL
          AND (other.finished_at IS NULL OR other.finished_at >= one.finished_at)
      ) AS is_late
    )
    UPDATE global_state.operations AS known SET status = 'queued', error = NULL, finished_at = NULL, rate = 0, tries = 0, leased_until = NULL,
      saved = CASE WHEN is_late THEN NULL ELSE known.saved END, done = CASE WHEN is_late THEN 0 ELSE known.done END
    FROM late WHERE known.id = $1 RETURNING ${COLUMNS}`,
};

/** Queues an operation that failed or was cancelled again. */
export function resumeOperation(pool: Pool, id: string): Promise<Resumed> {
  return inTransaction(pool, async (client): Promise<Resumed> => {
    const [ended] = await run<{ targets: string[] }>(client, LOCK, [id]);
    if (!ended) return { kind: 'refused' };
    const held = await takeTargets(client, id, ended.targets);
    if (held) return { kind: 'held', by: held.by };
    const [row] = await run<OperationRow>(client, RESUME, [id]);
    return { kind: 'resumed', operation: toOperation(row!) };
  });
}
