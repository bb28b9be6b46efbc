import type { Queryable } from '@app/event-store';
import { type Op, RULES_KEY } from '@app/kernel';

/** An event as a replay through a rule needs it. */
export interface ReplayedEvent {
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly version: number;
  readonly position: number;
  readonly eventId: string;
  readonly actor: string;
  readonly correlationId: string | null;
  readonly occurredAt: Date;
  readonly hlc: bigint;
  /** Absent where the event is not among those asked for. */
  readonly ops: readonly Op[] | null;
  readonly isExempt: boolean;
}

type Row = Omit<ReplayedEvent, 'version' | 'position' | 'hlc'> & { readonly version: string; readonly position: string; readonly hlc: string };

const PAGE = 2_000;

const columns = (wanted: string): string => `aggregate_type AS "aggregateType", aggregate_id AS "aggregateId", version, position, event_id AS "eventId",
  actor, correlation_id AS "correlationId", committed_at AS "occurredAt", hlc, CASE WHEN ${wanted} THEN ops END AS ops,
  coalesce(metadata -> '${RULES_KEY}' ->> 'exempt' = 'true', false) AS "isExempt"`;

// Rows that are not wanted come too, without what is in them: a page is then never a long search.
const BY_AGGREGATE = `
  SELECT ${columns('position BETWEEN $4 AND $5 AND aggregate_type = $6')}
  FROM global_state.events WHERE (aggregate_id, aggregate_type, version) > ($1::uuid, $2, $3)
  ORDER BY aggregate_id, aggregate_type, version LIMIT ${PAGE}`;

/** Where a walk in the order of aggregates and versions has come to. */
export type AggregatePlace = readonly [aggregateId: string, aggregateType: string, version: number];
export const FIRST_PLACE: AggregatePlace = ['00000000-0000-0000-0000-000000000000', '', 0];

/** Events of a range of positions, both ends included, and a type, aggregate by aggregate. */
export function pageByAggregate(
  db: Queryable, after: AggregatePlace, wanted: { from: number; to: number; type: string },
): Promise<ReplayedEvent[]> {
  return page(db, BY_AGGREGATE, [...after, wanted.from, wanted.to, wanted.type]);
}

const BY_POSITION = `
  SELECT ${columns('true')} FROM global_state.events WHERE partition = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT ${PAGE}`;

/** Events after a position up to another, in order. */
export function pageByPosition(db: Queryable, partition: number, after: number, to: number): Promise<ReplayedEvent[]> {
  return page(db, BY_POSITION, [partition, after, to]);
}

async function page(db: Queryable, text: string, values: readonly unknown[]): Promise<ReplayedEvent[]> {
  const { rows } = await db.query<Row>(text, [...values]);
  return rows.map((row) => ({ ...row, version: Number(row.version), position: Number(row.position), hlc: BigInt(row.hlc) }));
}

/** How many flags an operation raised. */
export async function countRaised(db: Queryable, operationId: string): Promise<number> {
  const { rows: [row] } = await db.query<{ count: string }>('SELECT count(*) FROM global_state.flags WHERE operation_id = $1', [operationId]);
  return Number(row!.count);
}
