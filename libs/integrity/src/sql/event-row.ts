import { hash as hashOf } from 'node:crypto';
import { type CopiedRows, uuidAt } from './copy-out.js';
import type { ChainRow } from './chain-row.js';

/** The columns of `EventRow`, in their order. */
export const EVENT_COLUMNS = `aggregate_type, aggregate_id, version, partition, position, committed_at, hash, event_id, generation, event_type,
      schema_version, data, ops, metadata, actor, command_key, correlation_id, causation_id, server_id, player_id, session_id, origin_region, hlc`;
export const EVENT_COLUMN_COUNT = 23;
const [TYPE, ID, VERSION, PARTITION, POSITION, COMMITTED_AT] = [0, 1, 2, 3, 4, 5] as const;
const [HASH, EVENT_ID, GENERATION, EVENT_TYPE, SCHEMA_VERSION, DATA] = [6, 7, 8, 9, 10, 11] as const;
const [OPS, METADATA, ACTOR, COMMAND_KEY, CORRELATION_ID, CAUSATION_ID] = [12, 13, 14, 15, 16, 17] as const;
const [SERVER_ID, PLAYER_ID, SESSION_ID, ORIGIN, HLC] = [18, 19, 20, 21, 22] as const;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const NEWLINE = 0x0a;

/** An event of a page. */
export class EventRow implements ChainRow {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly position: number;
  readonly hash: string;

  /** @param before the row before it: ids and types come in runs */
  constructor(private readonly rows: CopiedRows, private readonly row: number, before: EventRow | undefined) {
    const isOfSame = before !== undefined && before.rows === rows && isSame(rows, before.row, row, ID) && isSame(rows, before.row, row, TYPE);
    this.type = isOfSame ? before.type : rows.text(row, TYPE)!;
    this.id = isOfSame ? before.id : rows.uuid(row, ID)!;
    this.version = rows.whole(row, VERSION);
    this.position = rows.whole(row, POSITION);
    this.hash = rows.hex(row, HASH);
  }

  get partition(): number { return this.rows.whole(this.row, PARTITION); }
  get committedAt(): string { return this.rows.milliseconds(this.row, COMMITTED_AT); }
  get eventId(): string { return this.rows.uuid(this.row, EVENT_ID)!; }
  get generation(): number { return this.rows.whole(this.row, GENERATION); }
  get eventType(): string { return this.rows.text(this.row, EVENT_TYPE)!; }
  get schemaVersion(): number { return this.rows.whole(this.row, SCHEMA_VERSION); }
  get data(): string { return this.rows.text(this.row, DATA)!; }
  get ops(): string { return this.rows.text(this.row, OPS)!; }
  get metadata(): string | undefined { return this.rows.text(this.row, METADATA); }
  get actor(): string { return this.rows.text(this.row, ACTOR)!; }
  get commandKey(): string | undefined { return this.rows.text(this.row, COMMAND_KEY); }
  get correlationId(): string | undefined { return this.rows.uuid(this.row, CORRELATION_ID); }
  get causationId(): string | undefined { return this.rows.uuid(this.row, CAUSATION_ID); }
  get serverId(): string | undefined { return this.rows.text(this.row, SERVER_ID); }
  get playerId(): string | undefined { return this.rows.uuid(this.row, PLAYER_ID); }
  get sessionId(): string | undefined { return this.rows.uuid(this.row, SESSION_ID); }
  get origin(): string { return this.rows.text(this.row, ORIGIN)!; }
  get hlc(): string { return this.rows.digits(this.row, HLC); }

  /**
   * What `hashEvent` yields for this event, written from the bytes as they came: no text is made of what is only hashed, which is
   * two thirds of the time. Only a hash that fits counts: one that does not is worked out again by `hashEvent` itself.
   */
  follows(previous: string): boolean {
    const { rows, row } = this;
    begin(rows.end(row, HLC) - rows.start(row, TYPE));
    ascii(`${previous}\n[${this.partition},"`);
    uuid(rows, row, EVENT_ID);
    between('",');
    json(rows, row, TYPE);
    ascii(`,"${this.id}",${this.generation},${this.version},`);
    json(rows, row, EVENT_TYPE);
    ascii(`,${this.schemaVersion},`);
    json(rows, row, ACTOR);
    for (const column of [COMMAND_KEY, CORRELATION_ID, CAUSATION_ID, SERVER_ID, PLAYER_ID, SESSION_ID]) {
      between(',');
      json(rows, row, column);
    }
    between(',');
    json(rows, row, ORIGIN);
    ascii(`,"${this.hlc}"]`);
    for (const column of [DATA, OPS, METADATA]) {
      scratch[used++] = NEWLINE;
      bytesOf(rows, row, column);
    }
    return hashOf('sha256', scratch.subarray(0, used), 'hex') === this.hash;
  }
}

function isSame(rows: CopiedRows, a: number, b: number, column: number): boolean {
  return rows.bytes.compare(rows.bytes, rows.start(a, column), rows.end(a, column), rows.start(b, column), rows.end(b, column)) === 0;
}

const UUIDS: ReadonlySet<number> = new Set([CORRELATION_ID, CAUSATION_ID, PLAYER_ID, SESSION_ID]);

/** Besides what a row holds: the hash before, ids as text, numbers, punctuation. */
const ROOM = 2048;
/** An escape takes six bytes for one. */
const GROWTH = 6;

/** Where what is hashed is written. */
let scratch = Buffer.allocUnsafe(1 << 16);
let used = 0;

function begin(rowBytes: number): void {
  used = 0;
  if (scratch.length < GROWTH * rowBytes + ROOM) scratch = Buffer.allocUnsafe(2 * GROWTH * rowBytes + ROOM);
}

function ascii(text: string): void {
  used += scratch.write(text, used, 'latin1');
}

/** A few bytes, for which a call would cost more. */
function between(text: string): void {
  for (let i = 0; i < text.length; i += 1) scratch[used++] = text.charCodeAt(i);
}

function uuid(rows: CopiedRows, row: number, column: number): void {
  ascii(uuidAt(rows.bytes, rows.start(row, column)));
}

function bytesOf(rows: CopiedRows, row: number, column: number): void {
  const start = rows.start(row, column);
  if (start >= 0) used += rows.bytes.copy(scratch, used, start, rows.end(row, column));
}

/** A value as `JSON.stringify` writes it: as it is, in quotes, unless something in it needs an escape. */
function json(rows: CopiedRows, row: number, column: number): void {
  const start = rows.start(row, column);
  if (start < 0) return between('null');
  if (UUIDS.has(column)) return ascii(`"${uuidAt(rows.bytes, start)}"`);
  const end = rows.end(row, column);
  const begun = used;
  scratch[used++] = QUOTE;
  for (let at = start; at < end; at += 1) {
    const byte = rows.bytes[at]!;
    if (byte < SPACE || byte === QUOTE || byte === BACKSLASH) {
      used = begun;
      used += scratch.write(JSON.stringify(rows.text(row, column)), used);
      return;
    }
    scratch[used++] = byte;
  }
  scratch[used++] = QUOTE;
}
