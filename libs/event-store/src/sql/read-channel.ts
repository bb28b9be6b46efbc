import type { StoredEvent } from '@app/kernel';
import { type Queryable, run } from './database.js';
import { EVENT_BYTES, EVENT_COLUMNS, type EventRow, toStoredEvent } from './event-row.js';

/** Which events: those that fit all that is given. */
export interface ChannelQuery {
  readonly type?: string;
  readonly id?: string;
  readonly serverId?: string;
  readonly sessionId?: string;
}

export interface ChannelEvents {
  /** Oldest first. */
  readonly events: readonly StoredEvent[];
  /** No event of the channel up to this position is missing. */
  readonly upTo: number;
  /** Where the log stood. */
  readonly head: number;
}

/** Newest events of one aggregate that are looked at; who missed more must begin with the state. */
const DEPTH = 2_000;
/** Positions that one page of a wider channel looks through. */
const STRETCH = 5_000;
/** Positions that a wider channel may lie behind. */
const REACH = 50_000;
/** Events of one page. Their sizes are looked at, and that means to unpack them. */
const PAGE = 500;
/** Bytes of one page, which one event may go beyond. */
const PAGE_BYTES = 1024 * 1024;

const HEAD = 'SELECT position FROM global_state.log_heads WHERE partition = $1';

const OF_AGGREGATE = {
  name: 'read-channel-aggregate',
  // Versions and positions of an aggregate grow together, but there is no index by aggregate and position: so from the end.
  text: `
    WITH missed AS MATERIALIZED (
      SELECT version FROM (
        SELECT version, position FROM global_state.events
        WHERE aggregate_type = $2 AND aggregate_id = $3 ORDER BY version DESC LIMIT $5
      ) AS newest WHERE position > $4
    )
    SELECT page.*, (SELECT count(*) FROM missed) AS missed, (${HEAD}) AS head FROM (VALUES (1)) AS one
    LEFT JOIN (
      SELECT event.*, sum(bytes) OVER (ORDER BY version) AS bytes_through FROM (
        SELECT ${EVENT_COLUMNS}, ${EVENT_BYTES} AS bytes FROM global_state.events
        WHERE aggregate_type = $2 AND aggregate_id = $3 AND version >= (SELECT min(version) FROM missed)
        ORDER BY version LIMIT ${PAGE}
      ) AS event
    ) AS page ON page.bytes_through - page.bytes < ${PAGE_BYTES}
    ORDER BY page.version`,
};

const OF_LOG = {
  name: 'read-channel-log',
  text: `
    SELECT page.*, (${HEAD}) AS head FROM (VALUES (1)) AS one
    LEFT JOIN (
      SELECT event.*, sum(bytes) OVER (ORDER BY position) AS bytes_through FROM (
        SELECT ${EVENT_COLUMNS}, ${EVENT_BYTES} AS bytes FROM global_state.events
        WHERE partition = $1 AND position > $2 AND position <= $2 + ${STRETCH}
          AND ($3::text IS NULL OR aggregate_type = $3) AND ($4::text IS NULL OR server_id = $4)
          AND ($5::uuid IS NULL OR session_id = $5)
        ORDER BY position LIMIT ${PAGE}
      ) AS event
    ) AS page ON page.bytes_through - page.bytes < ${PAGE_BYTES}
    ORDER BY page.position`,
};

type Row = EventRow & { readonly head: string; readonly bytes_through: string };

/**
 * A page of the events of a channel after a position: at most 500 events and 1 MiB, which one event may go beyond. `undefined` if that
 * is out of reach: more than 2,000 events of an aggregate, or 50,000 positions behind the end of the log.
 */
export async function readChannel(
  db: Queryable, partition: number, { type, id, serverId, sessionId }: ChannelQuery, after: number,
): Promise<ChannelEvents | undefined> {
  if (type !== undefined && id !== undefined) return readAggregate(db, partition, { type, id }, after);
  const rows = await run<Row>(db, OF_LOG, [partition, after, type ?? null, serverId ?? null, sessionId ?? null]);
  const head = Number(rows[0]!.head);
  return head - after > REACH ? undefined : pageOf(rows, Math.max(after, Math.min(head, after + STRETCH)));
}

async function readAggregate(
  db: Queryable, partition: number, { type, id }: { type: string; id: string }, after: number,
): Promise<ChannelEvents | undefined> {
  for (const depth of [50, DEPTH]) {
    const rows = await run<Row & { readonly missed: string }>(db, OF_AGGREGATE, [partition, type, id, after, depth + 1]);
    if (Number(rows[0]!.missed) <= depth) return pageOf(rows, Math.max(after, Number(rows[0]!.head)));
  }
  return undefined;
}

/** @param end up to where it goes if it is not cut */
function pageOf(rows: readonly Row[], end: number): ChannelEvents {
  const events = rows.filter(({ position }) => position !== null).map(toStoredEvent);
  const isCut = events.length === PAGE || Number(rows.at(-1)!.bytes_through) >= PAGE_BYTES;
  return { events, upTo: isCut ? events.at(-1)!.position : end, head: Number(rows[0]!.head) };
}
