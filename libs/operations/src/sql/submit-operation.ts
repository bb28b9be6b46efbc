import { inTransaction, type Queryable, run } from '@app/event-store';
import type { JsonObject } from '@app/kernel';
import type { Pool } from 'pg';
import type { Operation } from '../operation.js';
import { COLUMNS, type OperationRow, toOperation } from './operation-row.js';
import { takeTargets } from './take-targets.js';

export interface NewOperation {
  readonly id: string;
  readonly kind: string;
  readonly parameters: JsonObject;
  readonly targets: readonly string[];
  readonly unit: string;
  readonly createdBy: string;
  /** Under which the same request is the same operation. */
  readonly receipt?: { readonly key: string; readonly fingerprint: string };
}

/** An operation that was asked for under the same key. */
export interface Known {
  readonly kind: 'known';
  readonly operation: Operation;
  readonly fingerprint: string;
}

export type Submitted =
  | { readonly kind: 'added'; readonly operation: Operation }
  | Known
  | { readonly kind: 'held'; readonly by: string | undefined };

/** A concurrent twin of the key waits here for the first one's commit. */
const ADD = {
  name: 'add-operation',
  text: `
    INSERT INTO global_state.operations AS known (id, kind, parameters, targets, unit, created_by, request_key, request_fingerprint)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (request_key) DO NOTHING RETURNING ${COLUMNS}`,
};

const OF_KEY = {
  name: 'operation-of-key',
  text: `SELECT ${COLUMNS}, known.request_fingerprint AS fingerprint FROM global_state.operations AS known WHERE known.request_key = $1`,
};

const DROP = {
  name: 'drop-refused-operation',
  text: 'DELETE FROM global_state.operations WHERE id = $1',
};

export async function findByKey(db: Queryable, key: string): Promise<Known | undefined> {
  const [row] = await run<OperationRow & { fingerprint: string }>(db, OF_KEY, [key]);
  if (!row) return undefined;
  const { fingerprint, ...operation } = row;
  return { kind: 'known', operation: toOperation(operation), fingerprint };
}

/** Stores an operation and takes its targets, or neither. */
export function submitOperation(pool: Pool, added: NewOperation): Promise<Submitted> {
  const { id, kind, parameters, targets, unit, createdBy, receipt } = added;
  return inTransaction(pool, async (client): Promise<Submitted> => {
    const [row] = await run<OperationRow>(client, ADD, [
      id, kind, JSON.stringify(parameters), targets, unit, createdBy, receipt?.key ?? null, receipt?.fingerprint ?? null,
    ]);
    if (!row) return (await findByKey(client, receipt!.key))!;
    const held = await takeTargets(client, id, targets);
    if (!held) return { kind: 'added', operation: toOperation(row) };
    await run(client, DROP, [id]);
    return { kind: 'held', by: held.by };
  });
}
