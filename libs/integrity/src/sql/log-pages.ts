import { type CopiedRows, copyOut } from './copy-out.js';
import { inTurn, type Queryable, raw } from './raw.js';

/** An event as the log's order sees it. */
export interface LogRow {
  readonly position: number;
  /** In ms since 1970, as digits. */
  readonly committedAt: string;
  readonly originSequence: string;
  readonly keyId: string;
  readonly hash: string;
  readonly type: string;
  readonly id: string;
  readonly version: number;
}

export interface LogHead {
  readonly partition: number;
  readonly position: number;
  readonly committedAt: string;
}

interface Range {
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
}

// With ties: should somebody have dropped the key to have a position twice, both are seen.
const PAGE = {
  name: 'verify-log-page',
  text: `
    SELECT position, (extract(epoch FROM committed_at) * 1000)::bigint, origin_sequence, key_id, encode(hash, 'hex'),
      aggregate_type, aggregate_id, version
    FROM global_state.events WHERE partition = $1 AND position > $2 AND position <= $3
    ORDER BY position FETCH FIRST $4 ROWS WITH TIES`,
};

/** Events of a partition with positions above `after`, up to `upTo`, in order. */
export async function logPage(db: Queryable, partition: number, range: Range): Promise<LogRow[]> {
  const rows = await raw(db, PAGE, [partition, range.after, range.upTo, range.limit]);
  return rows.map(([position, committedAt, originSequence, keyId, hash, type, id, version]) => ({
    position: Number(position), committedAt: committedAt!, originSequence: originSequence!, keyId: keyId ?? '', hash: hash!,
    type: type!, id: id!, version: Number(version),
  }));
}

const COPIED = (partition: number, { after, upTo, limit }: Range): string => `
    SELECT position, committed_at, origin_sequence, key_id, hash, aggregate_type, aggregate_id, version
    FROM global_state.events WHERE partition = ${partition} AND position > ${after} AND position <= ${upTo}
    ORDER BY position FETCH FIRST ${limit} ROWS WITH TIES`;
const [POSITION, COMMITTED_AT, ORIGIN_SEQUENCE, KEY_ID, HASH, TYPE, ID, VERSION] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const COLUMNS = 8;

/** The same by COPY, on a connection of its own: for whoever walks the whole log. */
export async function copiedLogPage(db: Queryable, partition: number, range: Range): Promise<LogRow[]> {
  const rows = await inTurn(db, () => copyOut(db, COPIED(partition, range), COLUMNS));
  return Array.from({ length: rows.count }, (_, row) => new CopiedLogRow(rows, row));
}

/** Where the event is in its aggregate is asked only of one with which something is wrong. */
class CopiedLogRow implements LogRow {
  readonly position: number;
  readonly committedAt: string;
  readonly originSequence: string;
  readonly keyId: string;
  readonly hash: string;

  constructor(private readonly rows: CopiedRows, private readonly row: number) {
    this.position = rows.whole(row, POSITION);
    this.committedAt = rows.milliseconds(row, COMMITTED_AT);
    this.originSequence = rows.digits(row, ORIGIN_SEQUENCE);
    this.keyId = rows.uuid(row, KEY_ID) ?? '';
    this.hash = rows.hex(row, HASH);
  }

  get type(): string { return this.rows.text(this.row, TYPE)!; }
  get id(): string { return this.rows.uuid(this.row, ID)!; }
  get version(): number { return this.rows.whole(this.row, VERSION); }
}

const HEADS = {
  name: 'verify-heads',
  text: `
    SELECT partition, position, (extract(epoch FROM committed_at) * 1000)::bigint
    FROM global_state.log_heads ORDER BY partition`,
};

/** Where each partition stands. */
export async function logHeads(db: Queryable): Promise<LogHead[]> {
  return (await raw(db, HEADS, [])).map(([partition, position, committedAt]) => ({
    partition: Number(partition), position: Number(position), committedAt: committedAt!,
  }));
}

const STRAYS = {
  name: 'verify-strays',
  text: `
    SELECT partition, min(position), max(position) FROM global_state.events
    WHERE partition NOT IN (SELECT partition FROM global_state.log_heads) OR position < 1 GROUP BY partition ORDER BY partition`,
};

/** Events that no walk along the heads would meet. */
export async function strays(db: Queryable): Promise<{ partition: number; first: number; last: number }[]> {
  return (await raw(db, STRAYS, [])).map(([partition, first, last]) => (
    { partition: Number(partition), first: Number(first), last: Number(last) }));
}

/** Events in the log, as its heads have it. */
export async function countEvents(db: Queryable): Promise<number> {
  return (await logHeads(db)).reduce((sum, { position }) => sum + position, 0);
}
