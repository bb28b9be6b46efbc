import type { AggregateRef, StoredEvent } from '@app/kernel';
import { type Queryable, run } from './database.js';
import { EVENT_COLUMNS, type EventRow, toStoredEvent } from './event-row.js';

/** A receipt that is still kept, with the events of its command. */
export interface StoredReceipt {
  readonly key: string;
  readonly fingerprint: string;
  readonly events: readonly StoredEvent[];
}

const FIND_EVENTS = {
  name: 'find-events-by-id',
  text: `
    SELECT e.* FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS wanted(type, id, event)
    CROSS JOIN LATERAL (
      SELECT ${EVENT_COLUMNS} FROM global_state.events
      WHERE aggregate_type = wanted.type AND aggregate_id = wanted.id AND event_id = wanted.event LIMIT 1
    ) AS e`,
};

/** Those of the events, named by aggregate and event id, that are in the log. */
export async function findEventsById(
  db: Queryable, wanted: readonly { ref: AggregateRef; eventId: string }[],
): Promise<StoredEvent[]> {
  if (wanted.length === 0) return [];
  const rows = await run<EventRow>(db, FIND_EVENTS, [
    wanted.map(({ ref }) => ref.type), wanted.map(({ ref }) => ref.id), wanted.map(({ eventId }) => eventId),
  ]);
  return rows.map(toStoredEvent);
}

const FIND_RECEIPTS = {
  name: 'find-receipts',
  text: `
    SELECT r.key, r.fingerprint, e.*
    FROM unnest($1::text[]) AS wanted(key)
    CROSS JOIN LATERAL (
      SELECT * FROM global_state.command_receipts
      WHERE key = wanted.key AND created_at >= now() - interval '24 hours' LIMIT 1
    ) AS r
    CROSS JOIN LATERAL json_array_elements(r.refs) WITH ORDINALITY AS ref(parts, place)
    CROSS JOIN LATERAL (
      SELECT ${EVENT_COLUMNS} FROM global_state.events
      WHERE aggregate_type = ref.parts->>0 AND aggregate_id = (ref.parts->>1)::uuid
        AND version = (ref.parts->>2)::bigint LIMIT 1
    ) AS e
    ORDER BY r.key, ref.place`,
};

/** The receipts that are kept under these keys, at most 24 hours old. */
export async function findReceipts(db: Queryable, keys: readonly string[]): Promise<StoredReceipt[]> {
  if (keys.length === 0) return [];
  const rows = await run<EventRow & { key: string; fingerprint: string }>(db, FIND_RECEIPTS, [keys]);
  const receipts = new Map<string, { key: string; fingerprint: string; events: StoredEvent[] }>();
  for (const row of rows) {
    const receipt = receipts.get(row.key) ?? { key: row.key, fingerprint: row.fingerprint, events: [] };
    receipt.events.push(toStoredEvent(row));
    receipts.set(row.key, receipt);
  }
  return [...receipts.values()];
}
