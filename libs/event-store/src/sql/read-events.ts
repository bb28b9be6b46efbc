import type { AggregateRef, StoredEvent } from '@app/kernel';
import { type Queryable, run } from './database.js';
import { EVENT_BYTES, EVENT_COLUMNS, type EventRow, toStoredEvent } from './event-row.js';

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
    SELECT * FROM (
      SELECT event.*, sum(bytes) OVER (ORDER BY position) AS bytes_through FROM (
        SELECT ${EVENT_COLUMNS}, ${EVENT_BYTES} AS bytes FROM global_state.events
        WHERE partition = $1 AND position > $2 ORDER BY position LIMIT $3
      ) AS event
    ) AS page
    WHERE $4::bigint IS NULL OR bytes_through - bytes < $4 ORDER BY position`,
};

/**
 * Events of one log partition after a position, in order, at most `limit`, and `maxBytes` where given, which one event may go
 * beyond. Positions follow commit order: when an event is
 * seen, every event below it has been seen or is there to be read.
 */
export async function readLog(
  db: Queryable, partition: number, after: number, { limit, maxBytes }: { limit: number; maxBytes?: number },
): Promise<StoredEvent[]> {
  const rows = await run<EventRow>(db, READ_LOG, [partition, after, limit, maxBytes ?? null]);
  return rows.map(toStoredEvent);
}

/** What a consumer that counts needs of an event: all but what it says. */
export type LogFact = Pick<StoredEvent, 'partition' | 'position' | 'ref' | 'version' | 'type' | 'origin' | 'hlc' | 'committedAt'>;

type FactRow = Pick<EventRow, 'partition' | 'position' | 'aggregate_type' | 'aggregate_id' | 'version' | 'event_type' | 'origin_region' | 'hlc' |
  'committed_at'>;

const FACTS = 'partition, position, aggregate_type, aggregate_id, version, event_type, origin_region, hlc, committed_at';

const READ_FACTS = {
  name: 'read-facts',
  text: `SELECT ${FACTS} FROM global_state.events WHERE partition = $1 AND position > $2 ORDER BY position LIMIT $3`,
};

/** The same as `readLog`, at a fraction of its cost: no JSON is read. */
export async function readFacts(db: Queryable, partition: number, after: number, limit: number): Promise<LogFact[]> {
  return (await run<FactRow>(db, READ_FACTS, [partition, after, limit])).map(toFact);
}

const READ_FACTS_OF = {
  name: 'read-facts-of',
  text: `
    SELECT ${FACTS} FROM global_state.events
    WHERE aggregate_id = $1 AND aggregate_type = $2 AND partition = $3 AND position > $4 AND position <= $5 ORDER BY version LIMIT $6`,
};

/** The events of one aggregate between two positions, the upper one included, in order, at most `limit`. */
export async function readFactsOf(
  db: Queryable, ref: AggregateRef, range: { partition: number; after: number; upTo: number; limit: number },
): Promise<LogFact[]> {
  return (await run<FactRow>(db, READ_FACTS_OF, [ref.id, ref.type, range.partition, range.after, range.upTo, range.limit])).map(toFact);
}

function toFact(row: FactRow): LogFact {
  return {
    partition: row.partition, position: Number(row.position), ref: { type: row.aggregate_type, id: row.aggregate_id },
    version: Number(row.version), type: row.event_type, origin: row.origin_region, hlc: BigInt(row.hlc), committedAt: row.committed_at,
  };
}
