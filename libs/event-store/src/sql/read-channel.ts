import type { StoredEvent } from '@app/kernel';
import { type Queryable, run } from './database.js';
import { EVENT_COLUMNS, type EventRow, toStoredEvent } from './event-row.js';

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

const HEAD = 'SELECT position FROM global_state.log_heads WHERE partition = $1';

const OF_AGGREGATE = {
  name: 'read-channel-aggregate',
  // Versions and positions of an aggregate grow together, but there is no index by aggregate and position: so from the end.
  text: `
    SELECT newest.*, (${HEAD}) AS head FROM (VALUES (1)) AS one
    LEFT JOIN (
      SELECT ${EVENT_COLUMNS} FROM global_state.events
      WHERE aggregate_type = $2 AND aggregate_id = $3 ORDER BY version DESC LIMIT $5
    ) AS newest ON newest.position > $4
    ORDER BY newest.version`,
};

const OF_LOG = {
  name: 'read-channel-log',
  text: `
    SELECT page.*, (${HEAD}) AS head FROM (VALUES (1)) AS one
    LEFT JOIN (
      SELECT ${EVENT_COLUMNS} FROM global_state.events
      WHERE partition = $1 AND position > $2 AND position <= $2 + ${STRETCH}
        AND ($3::text IS NULL OR aggregate_type = $3) AND ($4::text IS NULL OR server_id = $4)
        AND ($5::uuid IS NULL OR session_id = $5)
    ) AS page ON true
    ORDER BY page.position`,
};

type Row = EventRow & { readonly head: string };

/**
 * The events of a channel after a position: all of them for one aggregate, else a page. `undefined` if that is out of reach:
 * more than 2,000 events of an aggregate, or 50,000 positions behind the end of the log.
 */
export async function readChannel(
  db: Queryable, partition: number, { type, id, serverId, sessionId }: ChannelQuery, after: number,
): Promise<ChannelEvents | undefined> {
  if (type !== undefined && id !== undefined) return readAggregate(db, partition, { type, id }, after);
  const { events, head } = read(await run<Row>(db, OF_LOG, [partition, after, type ?? null, serverId ?? null, sessionId ?? null]));
  if (head - after > REACH) return undefined;
  return { events, upTo: Math.max(after, Math.min(head, after + STRETCH)), head };
}

async function readAggregate(
  db: Queryable, partition: number, { type, id }: { type: string; id: string }, after: number,
): Promise<ChannelEvents | undefined> {
  for (const depth of [50, DEPTH]) {
    const { events, head } = read(await run<Row>(db, OF_AGGREGATE, [partition, type, id, after, depth + 1]));
    if (events.length <= depth) return { events, upTo: Math.max(after, head), head };
  }
  return undefined;
}

function read(rows: readonly Row[]): { events: StoredEvent[]; head: number } {
  return { events: rows.filter(({ position }) => position !== null).map(toStoredEvent), head: Number(rows[0]!.head) };
}
