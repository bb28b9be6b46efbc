import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';

/** An operation as the database has it. */
export interface OperationRow {
  readonly status: string;
  readonly by: string | null;
  /** How often it was taken up. */
  readonly lease: string;
  readonly error: string | null;
}

const OVER = ['completed', 'failed', 'cancelled'];
const ENDS_WITHIN_MS = 120_000;

export function isOver(status: string): boolean {
  return OVER.includes(status);
}

export async function operationIn(client: Client, id: string): Promise<OperationRow> {
  const { rows: [row] } = await client.query<OperationRow>(
    'SELECT status, leased_by AS by, lease, error FROM global_state.operations WHERE id = $1', [id]);
  if (!row) throw new Error(`there is no operation ${id}`);
  return row;
}

/** The operation when it is over, or as it is when it takes too long. */
export async function endOf(client: Client, id: string): Promise<OperationRow> {
  for (const deadline = performance.now() + ENDS_WITHIN_MS; ; await sleep(20)) {
    const found = await operationIn(client, id);
    if (isOver(found.status) || performance.now() > deadline) return found;
  }
}
