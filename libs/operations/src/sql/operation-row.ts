import type { Operation } from '../operation.js';

/** The columns of an operation, in every statement that yields one. */
export const COLUMNS = `known.id, known.number::float8, known.kind, known.parameters, known.status, known.unit, known.done::float8, known.total::float8,
  known.rate, known.result, known.error, known.created_by AS "createdBy", known.created_at AS "createdAt", known.started_at AS "startedAt",
  known.finished_at AS "finishedAt"`;

/** Columns without a value are null. */
export type OperationRow = { [Key in keyof Operation]-?: Operation[Key] | null };

export function toOperation(row: OperationRow): Operation {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as Operation;
}
