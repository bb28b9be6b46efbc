import type { AggregateRef, StoredEvent } from '@app/kernel';
import { type Queryable, run } from './database.js';
import { EVENT_COLUMNS, type EventRow, toStoredEvent } from './event-row.js';

const READ_STREAM = {
  name: 'read-stream',
  text: `
    SELECT ${EVENT_COLUMNS} FROM global_state.events
    WHERE aggregate_type = $1 AND aggregate_id = $2 AND version BETWEEN $3 AND $4
    ORDER BY version LIMIT $5`,
};

/** Events of one aggregate with versions from `from` to `to`, both included, oldest first, at most `limit`. */
export async function readStream(
  db: Queryable, ref: AggregateRef, range: { from: number; to: number; limit: number },
): Promise<StoredEvent[]> {
  const rows = await run<EventRow>(db, READ_STREAM, [ref.type, ref.id, range.from, range.to, range.limit]);
  return rows.map(toStoredEvent);
}

const READ_LOG = {
  name: 'read-log',
  text: `
    SELECT ${EVENT_COLUMNS} FROM global_state.events
    WHERE partition = $1 AND position > $2 ORDER BY position LIMIT $3`,
};

/**
 * Events of one log partition after a position, in order, at most `limit`. Positions follow commit order: when an event is
 * seen, every event below it has been seen or is there to be read.
 */
export async function readLog(db: Queryable, partition: number, after: number, limit: number): Promise<StoredEvent[]> {
  const rows = await run<EventRow>(db, READ_LOG, [partition, after, limit]);
  return rows.map(toStoredEvent);
}
