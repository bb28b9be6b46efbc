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
}

interface Row {
  version: string;
  deleted: boolean;
  data: string;
  checksum: string;
  last_modified: Date;
}

const READ = {
  name: 'read-state',
  text: `
    SELECT version, deleted, data::text, encode(checksum, 'hex') AS checksum, last_modified
    FROM global_state.aggregate_states WHERE aggregate_type = $1 AND aggregate_id = $2`,
};

/** The current state of one aggregate, a tombstone's too, or `undefined` if it never was. */
export async function readState(db: Queryable, ref: AggregateRef): Promise<StateDocument | undefined> {
  const [row] = await run<Row>(db, READ, [ref.type, ref.id]);
  if (!row) return undefined;
  const { deleted, data, checksum, last_modified: lastModified } = row;
  return { ref, version: Number(row.version), deleted, data, checksum, lastModified };
}
