import type { Queryable } from '@app/event-store';
import { RULES_KEY, type Violation } from '@app/kernel';
import type { Raised } from './raise-flags.js';

const FIND = `
  SELECT aggregate_type AS "aggregateType", aggregate_id AS "aggregateId", version, event_id AS "eventId", actor, committed_at AS "occurredAt",
    metadata -> '${RULES_KEY}' -> 'violations' AS violations
  FROM global_state.events
  WHERE partition = $1 AND position = ANY ($2) AND json_typeof(metadata -> '${RULES_KEY}' -> 'violations') = 'array'
  ORDER BY position`;

type Row = Omit<Raised, 'violation'> & { readonly violations: readonly Violation[] };

/** What rules found when the events at these positions were decided, in order. */
export async function findViolations(db: Queryable, partition: number, positions: readonly number[]): Promise<Raised[]> {
  const { rows } = await db.query<Row>(FIND, [partition, positions]);
  return rows.flatMap(({ violations, ...event }) => violations.map((violation) => ({ ...event, version: Number(event.version), violation })));
}
