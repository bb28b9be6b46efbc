import type { AggregateRef } from '@app/kernel';
import { type Queryable, run } from './database.js';

/** A state as it is stored. `data` is canonical JSON (RFC 8785) and `checksum` its SHA-256, hex. */
export interface StateDocument {
  readonly ref: AggregateRef;
  readonly version: number;
  readonly deleted: boolean;
  readonly data: string;
  readonly checksum: string;
  readonly lastModified: Date;
  /** Of the event `version` in the log. */
  readonly position: number;
}

interface Row {
  aggregate_type: string;
  aggregate_id: string;
  version: string;
  deleted: boolean;
  data: string;
  checksum: string;
  last_modified: Date;
  position: string;
}

const READ = {
  name: 'read-states',
  text: `
    SELECT s.* FROM unnest($1::text[], $2::uuid[]) AS wanted(type, id)
    CROSS JOIN LATERAL (
      SELECT aggregate_type, aggregate_id, version, deleted, data::text, encode(checksum, 'hex') AS checksum,
        last_modified, position
      FROM global_state.aggregate_states WHERE aggregate_type = wanted.type AND aggregate_id = wanted.id
      LIMIT 1 -- keeps the lookup by index for each row, whatever the planner believes of the table's size
    ) AS s`,
};

/** The current states of those of the aggregates that ever were, tombstones too, in no order. */
export async function readStates(db: Queryable, refs: readonly AggregateRef[]): Promise<StateDocument[]> {
  const rows = await run<Row>(db, READ, [refs.map((ref) => ref.type), refs.map((ref) => ref.id)]);
  return rows.map((row) => ({
    ref: { type: row.aggregate_type, id: row.aggregate_id },
    version: Number(row.version),
    deleted: row.deleted,
    data: row.data,
    checksum: row.checksum,
    lastModified: row.last_modified,
    position: Number(row.position),
  }));
}
