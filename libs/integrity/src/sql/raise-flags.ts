import type { Queryable } from '@app/event-store';
import type { Violation } from '@app/kernel';

/** That an event broke a rule. */
export interface Raised {
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly version: number;
  readonly eventId: string;
  readonly actor: string;
  readonly occurredAt: Date;
  readonly violation: Violation;
}

// A flag that is there already marks nothing anew: its aggregate may have been released since.
const RAISE = `
  WITH raised AS (
    INSERT INTO global_state.flags (rule, mode, aggregate_type, aggregate_id, version, event_id, actor, occurred_at, operation_id, violation)
    SELECT violation ->> 'rule', violation ->> 'mode', "aggregateType", "aggregateId", version, "eventId", actor, "occurredAt", $2, violation
    FROM json_to_recordset($1) AS given ("aggregateType" text, "aggregateId" uuid, version bigint, "eventId" uuid, actor text,
      "occurredAt" timestamptz, violation json)
    ON CONFLICT ON CONSTRAINT flags_once DO NOTHING
    RETURNING id, mode, aggregate_type, aggregate_id, version, event_id, actor, occurred_at, violation
  ), marked AS (
    INSERT INTO global_state.quarantines (aggregate_type, aggregate_id, flag_id, since)
    SELECT DISTINCT ON (aggregate_id, aggregate_type) aggregate_type, aggregate_id, id, occurred_at FROM raised
    WHERE mode = 'quarantine' ORDER BY aggregate_id, aggregate_type, version
    ON CONFLICT (aggregate_id, aggregate_type) WHERE released_at IS NULL DO NOTHING
  )
  SELECT aggregate_type AS "aggregateType", aggregate_id AS "aggregateId", version, event_id AS "eventId", actor, occurred_at AS "occurredAt", violation
  FROM raised ORDER BY version`;

/**
 * Puts violations up for review, each once for ever, and marks the aggregates of those that quarantine.
 * @param operationId who found them, where that was not the decision itself
 * @returns those that were not known
 */
export async function raiseFlags(db: Queryable, found: readonly Raised[], operationId?: string): Promise<Raised[]> {
  if (found.length === 0) return [];
  const { rows } = await db.query<Raised>(RAISE, [JSON.stringify(found), operationId ?? null]);
  return rows.map((row) => ({ ...row, version: Number(row.version) }));
}
