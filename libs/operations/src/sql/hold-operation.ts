import { type Queryable, run } from '@app/event-store';
import type { JsonObject } from '@app/kernel';
import type { OperationStatus } from '../operation.js';

/** Whose operation it is, for as long as nobody took it up after. */
export interface Hold {
  readonly id: string;
  readonly lease: number;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly rate: number;
}

const RENEW = {
  name: 'renew-operation',
  text: `
    UPDATE global_state.operations SET leased_until = clock_timestamp() + $3 * interval '1 ms', done = $4, total = $5, rate = $6
    WHERE id = $1 AND lease = $2 AND status IN ('running', 'cancelling') RETURNING status`,
};

/** Holds an operation for longer, and tells how far it is. @returns its status; undefined if it is no longer held */
export async function renewOperation(
  db: Queryable, { id, lease }: Hold, leaseMs: number, { done, total, rate }: Progress,
): Promise<OperationStatus | undefined> {
  const [row] = await run<{ status: OperationStatus }>(db, RENEW, [id, lease, leaseMs, done, total, rate]);
  return row?.status;
}

/** The row's lock keeps everybody from taking the operation up until this transaction ends. */
const SAVE = {
  name: 'save-operation',
  text: `
    UPDATE global_state.operations SET saved = $4, done = $5, tries = 0, leased_until = clock_timestamp() + $3 * interval '1 ms'
    WHERE id = $1 AND lease = $2 AND status IN ('running', 'cancelling') RETURNING id`,
};

/** Keeps what the next run needs. @returns whether the operation is still held */
export async function saveOperation(
  db: Queryable, { id, lease }: Hold, leaseMs: number, { state, done }: { state: JsonObject; done: number },
): Promise<boolean> {
  return (await run(db, SAVE, [id, lease, leaseMs, JSON.stringify(state), done])).length === 1;
}

const HAND_BACK = {
  name: 'hand-operation-back',
  text: `
    UPDATE global_state.operations SET status = CASE status WHEN 'running' THEN 'queued' ELSE status END, rate = 0,
      leased_until = clock_timestamp() + $3 * interval '1 ms', tries = tries - $4
    WHERE id = $1 AND lease = $2 AND status IN ('running', 'cancelling')`,
};

/**
 * Gives an operation back unfinished: anybody may go on with it.
 * @param restMs not before so many ms
 * @param isFault whether this run counts as one that came no further
 */
export async function handBackOperation(
  db: Queryable, { id, lease }: Hold, { restMs, isFault }: { restMs: number; isFault: boolean },
): Promise<void> {
  await run(db, HAND_BACK, [id, lease, restMs, isFault ? 0 : 1]);
}
