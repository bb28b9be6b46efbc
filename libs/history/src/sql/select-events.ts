import type { Queryable } from '@app/event-store';
import type { AggregateRef } from '@app/kernel';

export type Database = Queryable;

/** Every version from one to another, both included. */
export interface VersionRange {
  readonly from: number;
  readonly to: number;
}

/** Versions of one aggregate. */
export interface Chosen {
  readonly ref: AggregateRef;
  readonly versions: readonly number[] | VersionRange;
}

const COLUMNS = 'e.aggregate_type, e.aggregate_id, e.version';

const BY_CORRELATION = `SELECT ${COLUMNS} FROM global_state.events AS e WHERE e.correlation_id = $1`;

const BY_CAUSATION = `
  WITH RECURSIVE caused AS (
    SELECT event_id, ${COLUMNS} FROM global_state.events AS e WHERE e.event_id = $1
    UNION
    SELECT e.event_id, ${COLUMNS} FROM global_state.events AS e JOIN caused ON e.causation_id = caused.event_id
  )
  SELECT ${COLUMNS} FROM caused AS e`;

const BY_ACTOR = `
  SELECT ${COLUMNS} FROM global_state.events AS e
  WHERE e.partition = 0 AND e.position > $2 AND e.position <= $3 AND e.actor = $1`;

/**
 * A condition on the event `chosen`: no rollback in force has taken it back. Two questions, so that the one that nearly always decides is
 * a join by key.
 * @param except a parameter: a rollback that does not count
 */
export function inForce(except: string): string {
  const by = (isIt: string): string => `NOT EXISTS (
    SELECT FROM global_state.rolled_back_events AS gone JOIN global_state.rollbacks AS r ON r.id = gone.rollback_id
    WHERE gone.aggregate_id = chosen.aggregate_id AND gone.aggregate_type = chosen.aggregate_type AND ${isIt}
      AND r.status IN ('executing', 'executed', 'undoing') AND r.id IS DISTINCT FROM ${except}::uuid)`;
  return `${by('gone.version = chosen.version')} AND ${by('gone.to_version IS NOT NULL AND chosen.version BETWEEN gone.version AND gone.to_version')}`;
}

/** What a rollback in force has taken back already is not there any more. */
const IN_FORCE = `
  SELECT chosen.aggregate_type, chosen.aggregate_id, array_agg(DISTINCT chosen.version ORDER BY chosen.version) AS versions
  FROM (/* the choice */) AS chosen
  WHERE ${inForce('$4')}
  GROUP BY chosen.aggregate_type, chosen.aggregate_id ORDER BY chosen.aggregate_type, chosen.aggregate_id LIMIT $5`;

const statement = (choice: string): string => IN_FORCE.replace('/* the choice */', choice);

interface Choice {
  /** A rollback whose own events count as not taken back. */
  readonly except: string | undefined;
  /** Aggregates, at most. */
  readonly limit: number;
}

export function chooseByCorrelation(db: Database, correlationId: string, choice: Choice): Promise<Chosen[]> {
  return choose(db, `${BY_CORRELATION} AND $2::bigint IS NULL AND $3::bigint IS NULL`, [correlationId, null, null], choice);
}

export function chooseByCausation(db: Database, eventId: string, choice: Choice): Promise<Chosen[]> {
  return choose(db, `${BY_CAUSATION} WHERE $2::bigint IS NULL AND $3::bigint IS NULL`, [eventId, null, null], choice);
}

/** Events of an actor at positions after `from`, up to `to`. */
export function chooseByActor(db: Database, actor: string, from: number, to: number, choice: Choice): Promise<Chosen[]> {
  return choose(db, BY_ACTOR, [actor, from, to], choice);
}

async function choose(db: Database, choice: string, values: readonly unknown[], { except, limit }: Choice): Promise<Chosen[]> {
  const { rows } = await db.query<{ aggregate_type: string; aggregate_id: string; versions: string[] }>(
    statement(choice), [...values, except ?? null, limit]);
  return rows.map((row) => ({ ref: { type: row.aggregate_type, id: row.aggregate_id }, versions: row.versions.map(Number) }));
}
