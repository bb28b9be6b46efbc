import { type AggregateRef, refKey } from '@app/kernel';
import { type Act, type Acts, type Held, inForce } from '../rollback/in-force.js';
import type { Database } from './select-events.js';

interface ActRow extends Act {
  readonly type: string;
  readonly id: string;
  readonly versions: readonly string[];
  readonly to: string | null;
  readonly isUnderWay: boolean;
}

type Read = Acts & { readonly acts: Act[]; readonly held: Map<string, Held>; readonly underWay: Set<string> };

const READ = `
  SELECT act.aggregate_type AS type, act.aggregate_id AS id, act.rollback_id AS "rollbackId", act.kind, act.at_version::float8 AS at,
    held.versions, held.to_version AS to, r.status IN ('executing', 'undoing') AS "isUnderWay"
  FROM global_state.rollback_acts AS act JOIN global_state.rollbacks AS r ON r.id = act.rollback_id
  JOIN LATERAL (
    SELECT array_agg(version ORDER BY version) AS versions, max(to_version) AS to_version FROM global_state.rolled_back_events AS gone
    WHERE gone.aggregate_id = act.aggregate_id AND gone.aggregate_type = act.aggregate_type AND gone.rollback_id = act.rollback_id
  ) AS held ON true
  WHERE (act.aggregate_id, act.aggregate_type) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))
  ORDER BY act.number`;

/** What operators did to aggregates, by `refKey`; nothing for those to which they did nothing. */
async function readAll(db: Database, refs: readonly AggregateRef[]): Promise<Map<string, Read>> {
  const { rows } = await db.query<ActRow>(READ, [refs.map(({ id }) => id), refs.map(({ type }) => type)]);
  const all = new Map<string, Read>();
  for (const { type, id, versions, to, rollbackId, kind, at, isUnderWay } of rows) {
    const key = refKey({ type, id });
    const one: Read = all.get(key) ?? none();
    one.acts.push({ rollbackId, kind, at });
    if (isUnderWay) one.underWay.add(rollbackId);
    one.held.set(rollbackId, to === null ? versions.map(Number) : { from: Number(versions[0]), to: Number(to) });
    all.set(key, one);
  }
  return all;
}

/** What operators did to an aggregate. */
export async function readActs(db: Database, ref: AggregateRef): Promise<Acts> {
  return (await readAll(db, [ref])).get(refKey(ref)) ?? none();
}

function none(): Read {
  return { acts: [], held: new Map(), underWay: new Set() };
}

/**
 * Notes that a rollback, or its undoing, began, and what is in force now. The caller has seen to it that nobody else does at the same time:
 * the numbers are in the order in which they began.
 */
export async function noteActs(db: Database, rollbackId: string, kind: Act['kind']): Promise<void> {
  const { rows: refs } = await db.query<AggregateRef>(`
    INSERT INTO global_state.rollback_acts (rollback_id, aggregate_type, aggregate_id, kind, at_version)
    SELECT $1, aggregate_type, aggregate_id, $2, (
      SELECT max(version) FROM global_state.events AS e WHERE e.aggregate_id = noted.aggregate_id AND e.aggregate_type = noted.aggregate_type)
    FROM (SELECT DISTINCT aggregate_type, aggregate_id FROM global_state.rolled_back_events WHERE rollback_id = $1) AS noted
    RETURNING aggregate_type AS type, aggregate_id AS id`, [rollbackId, kind]);
  await markInForce(db, refs);
}

async function markInForce(db: Database, refs: readonly AggregateRef[]): Promise<void> {
  const all = await readAll(db, refs);
  const marks = refs.flatMap((ref) => {
    const acts = all.get(refKey(ref))!;
    const found = inForce(acts);
    return [...acts.held.keys()].map((rollback) => ({ ...ref, rollback, isInForce: found.has(rollback) }));
  });
  await db.query(`
    UPDATE global_state.rolled_back_events AS gone SET in_force = mark.in_force
    FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::boolean[]) AS mark(aggregate_id, aggregate_type, rollback_id, in_force)
    WHERE gone.aggregate_id = mark.aggregate_id AND gone.aggregate_type = mark.aggregate_type AND gone.rollback_id = mark.rollback_id
      AND gone.in_force <> mark.in_force`,
  [marks.map(({ id }) => id), marks.map(({ type }) => type), marks.map(({ rollback }) => rollback), marks.map(({ isInForce }) => isInForce)]);
}
