import type { AggregateRef } from '@app/kernel';
import { type Queryable, run } from './database.js';

const READ = {
  name: 'read-age',
  text: `
    SELECT (extract(epoch FROM clock_timestamp() - committed_at) * 1000)::float8 AS ms FROM global_state.events
    WHERE aggregate_type = $1 AND aggregate_id = $2 AND version = $3`,
};

/** How long ago an event was committed, in ms of the database's clock. */
export async function readAge(db: Queryable, ref: AggregateRef, version: number): Promise<number | undefined> {
  const [row] = await run<{ ms: number }>(db, READ, [ref.type, ref.id, version]);
  return row?.ms;
}
