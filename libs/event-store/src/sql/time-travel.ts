import type { AggregateRef } from '@app/kernel';
import { type Queryable, run } from './database.js';

const POSITION_AT = { name: 'position-at', text: 'SELECT global_state.position_at($1::smallint, $2) AS position' };
const VERSION_AT = { name: 'version-at', text: 'SELECT global_state.version_at($1, $2, $3) AS version' };

/** The newest position that was committed by a moment; 0 if there was none. */
export async function positionAt(db: Queryable, partition: number, moment: Date): Promise<number> {
  const [row] = await run<{ position: string }>(db, POSITION_AT, [partition, moment]);
  return Number(row!.position);
}

/** The newest version of an aggregate at a position or below; 0 if it was not there yet. */
export async function versionAt(db: Queryable, { type, id }: AggregateRef, position: number): Promise<number> {
  const [row] = await run<{ version: string }>(db, VERSION_AT, [type, id, position]);
  return Number(row!.version);
}

const PAGE_AT = {
  name: 'versions-at',
  text: `
    SELECT aggregate_type, aggregate_id, global_state.version_at(aggregate_type, aggregate_id, $1) AS version FROM (
      SELECT aggregate_type, aggregate_id FROM global_state.aggregate_states
      WHERE ($2::text IS NULL OR aggregate_type = $2) AND (aggregate_id, aggregate_type) > ($3::uuid, $4)
      ORDER BY aggregate_id, aggregate_type LIMIT $5) AS page
    ORDER BY aggregate_id, aggregate_type`,
};

/** Aggregates after one, in the order of ids, each with its version at a position: 0 for one that was not there yet. */
export async function versionsAt(
  db: Queryable, position: number, { type, after, limit }: { type?: string; after: AggregateRef; limit: number },
): Promise<{ ref: AggregateRef; version: number }[]> {
  const rows = await run<{ aggregate_type: string; aggregate_id: string; version: string }>(
    db, PAGE_AT, [position, type ?? null, after.id, after.type, limit]);
  return rows.map((row) => ({ ref: { type: row.aggregate_type, id: row.aggregate_id }, version: Number(row.version) }));
}
