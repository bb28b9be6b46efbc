import { type Queryable, run } from '@app/event-store';
import type { Operation, OperationStatus } from '../operation.js';
import { COLUMNS, type OperationRow, toOperation } from './operation-row.js';

const GET = {
  name: 'get-operation',
  text: `SELECT ${COLUMNS} FROM global_state.operations AS known WHERE known.id = $1`,
};

export async function getOperation(db: Queryable, id: string): Promise<Operation | undefined> {
  const [row] = await run<OperationRow>(db, GET, [id]);
  return row && toOperation(row);
}

const LIST = {
  name: 'list-operations',
  text: `
    SELECT ${COLUMNS} FROM global_state.operations AS known
    WHERE ($1::bigint IS NULL OR known.number < $1) AND ($2::text IS NULL OR known.status = $2) ORDER BY known.number DESC LIMIT $3`,
};

/** The newest first. */
export async function listOperations(
  db: Queryable, { before, status, limit }: { before?: number; status?: OperationStatus; limit: number },
): Promise<Operation[]> {
  return (await run<OperationRow>(db, LIST, [before ?? null, status ?? null, limit])).map(toOperation);
}
