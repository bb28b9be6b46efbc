import type { Pool } from 'pg';
import type { Ending, Recorded } from '../entry.js';
import { makePartitions } from './partitions.js';

/** An entry, or how one ended that was written before. */
type Row = Recorded & { readonly phase: 0 | 1 };

const INSERT = {
  name: 'write-audit-entries',
  // Sent again after a connection broke, those that are there stay as they are.
  text: `
    INSERT INTO global_state.audit_entries (at, id, phase, kind, actor, action, aggregate_type, aggregate_id, target, parameters,
      outcome, status, error, reason, trace_id, request_id, address, count)
    SELECT at, id, phase, kind, actor, action, target->>'aggregateType', target->>'aggregateId', target, parameters,
      outcome, status, error, reason, "traceId", "requestId", address, count
    FROM json_to_recordset($1) AS r(at timestamptz, id uuid, phase smallint, kind text, actor text, action text, target json,
      parameters json, outcome text, status smallint, error text, reason text, "traceId" text, "requestId" text, address text, count integer)
    ON CONFLICT DO NOTHING`,
};

/** SQLSTATE of a row that no partition takes. */
const NO_PARTITION = '23514';

/** Writes entries down, all or none. The days they belong to are made if they are not there. */
export function writeEntries(pool: Pool, entries: readonly Recorded[]): Promise<void> {
  return write(pool, entries.map((entry) => ({ ...entry, phase: 0 })));
}

/** Writes down how an action ended whose entry was written before. */
export function writeEnding(pool: Pool, { at, id, kind, action, count }: Recorded, ending: Ending): Promise<void> {
  return write(pool, [{ at, id, kind, action, count, ...ending, phase: 1 }]);
}

async function write(pool: Pool, rows: readonly Row[]): Promise<void> {
  const insert = () => pool.query({ ...INSERT, values: [JSON.stringify(rows)] });
  try {
    await insert();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === NO_PARTITION)) throw error;
    await makePartitions(pool, rows.map(({ at }) => at));
    await insert();
  }
}
