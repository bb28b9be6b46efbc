import type { Queryable } from '@app/event-store';
import { type AggregateRef, RULES_KEY } from '@app/kernel';
import type { Held } from '../rollback/in-force.js';

export type Database = Queryable;

/** Versions of one aggregate. */
export interface Chosen {
  readonly ref: AggregateRef;
  readonly versions: Held;
}

const COLUMNS = 'e.aggregate_type, e.aggregate_id, e.version';

/** Written by the service alone, on events that make up for others. */
const IS_COMPENSATION = `coalesce(e.metadata -> '${RULES_KEY}' ->> 'exempt', '') = 'true'`;

const BY_CORRELATION = `SELECT ${COLUMNS} FROM global_state.events AS e WHERE e.correlation_id = $1 AND NOT ${IS_COMPENSATION}`;

const BY_CAUSATION = `
  WITH RECURSIVE caused AS (
    SELECT event_id, ${IS_COMPENSATION} AS compensates, ${COLUMNS} FROM global_state.events AS e WHERE e.event_id = $1
    UNION
    SELECT e.event_id, ${IS_COMPENSATION}, ${COLUMNS} FROM global_state.events AS e JOIN caused ON e.causation_id = caused.event_id
  )
  SELECT ${COLUMNS} FROM caused AS e WHERE NOT compensates`;

const BY_ACTOR = `
  SELECT ${COLUMNS} FROM global_state.events AS e
  WHERE e.partition = 0 AND e.position > $2 AND e.position <= $3 AND e.actor = $1 AND NOT ${IS_COMPENSATION}`;

/**
 * A condition on the event `chosen`: no rollback in force has taken it back. Two questions, so that the one that nearly always decides is
 * a join by key.
 */
export const IN_FORCE = ['gone.version = chosen.version', 'gone.to_version IS NOT NULL AND chosen.version BETWEEN gone.version AND gone.to_version']
  .map((isIt) => `NOT EXISTS (
    SELECT FROM global_state.rolled_back_events AS gone
    WHERE gone.aggregate_id = chosen.aggregate_id AND gone.aggregate_type = chosen.aggregate_type AND ${isIt} AND gone.in_force)`).join(' AND ');

/** What a rollback in force has taken back already is not there any more. */
const statement = (choice: string): string => `
  SELECT chosen.aggregate_type, chosen.aggregate_id, array_agg(DISTINCT chosen.version ORDER BY chosen.version) AS versions
  FROM (${choice}) AS chosen
  WHERE ${IN_FORCE}
  GROUP BY chosen.aggregate_type, chosen.aggregate_id ORDER BY chosen.aggregate_type, chosen.aggregate_id LIMIT $4`;

/** @param limit of aggregates */
export function chooseByCorrelation(db: Database, correlationId: string, limit: number): Promise<Chosen[]> {
  return choose(db, `${BY_CORRELATION} AND $2::bigint IS NULL AND $3::bigint IS NULL`, [correlationId, null, null, limit]);
}

export function chooseByCausation(db: Database, eventId: string, limit: number): Promise<Chosen[]> {
  return choose(db, `${BY_CAUSATION} AND $2::bigint IS NULL AND $3::bigint IS NULL`, [eventId, null, null, limit]);
}

/** Events of an actor at positions after `from`, up to `to`. */
export function chooseByActor(db: Database, actor: string, from: number, to: number, limit: number): Promise<Chosen[]> {
  return choose(db, BY_ACTOR, [actor, from, to, limit]);
}

async function choose(db: Database, choice: string, values: readonly unknown[]): Promise<Chosen[]> {
  const { rows } = await db.query<{ aggregate_type: string; aggregate_id: string; versions: string[] }>(statement(choice), [...values]);
  return rows.map((row) => ({ ref: { type: row.aggregate_type, id: row.aggregate_id }, versions: row.versions.map(Number) }));
}

/** The aggregates that have an event which makes up for others under this correlation. */
export async function compensated(db: Database, correlationId: string): Promise<AggregateRef[]> {
  const { rows } = await db.query<{ type: string; id: string }>(`
    SELECT DISTINCT e.aggregate_type AS type, e.aggregate_id AS id FROM global_state.events AS e WHERE e.correlation_id = $1 AND ${IS_COMPENSATION}`,
  [correlationId]);
  return rows.map(({ type, id }) => ({ type, id }));
}
