import { copyOut } from './copy-out.js';
import { EVENT_COLUMN_COUNT, EVENT_COLUMNS, EventRow } from './event-row.js';
import { inTurn, literal, type Queryable, raw, type RawRow } from './raw.js';

/** Aggregates by id, both ends included. */
export interface IdRange {
  readonly from: string;
  readonly to: string;
}

export const ALL_IDS: IdRange = { from: '00000000-0000-0000-0000-000000000000', to: 'ffffffff-ffff-ffff-ffff-ffffffffffff' };

const LOWEST = '-9223372036854775808';
/** An event may hold half a MiB; twice as many saved 0.3 µs an event. */
const EVENTS_A_PAGE = 500;
const STATES_A_PAGE = 250;

/** What is kept of a fold: a row of `aggregate_states`, or of `aggregate_snapshots`, whose members they do not have are ''. */
export interface FoldRow {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly generation: string;
  readonly deleted: string;
  readonly data: string;
  readonly clocks: string;
  readonly checksum: string;
  readonly fold_generation: string;
  readonly position: string;
  readonly last_modified: string;
  readonly partition: string;
  readonly hash: string;
  readonly hlc: string;
}

// In the order of the index that has them, so that each aggregate comes in one piece and memory stays flat. With ties as in the log.
const EVENTS = (after: readonly [string, string, string], to: string): string => `
    SELECT ${EVENT_COLUMNS} FROM global_state.events
    WHERE (aggregate_id, aggregate_type, version) > (${after.map(literal).join()}) AND aggregate_id <= ${literal(to)}
    ORDER BY aggregate_id, aggregate_type, version FETCH FIRST ${EVENTS_A_PAGE} ROWS WITH TIES`;

const STATES = {
  name: 'verify-states',
  text: `
    SELECT aggregate_type, aggregate_id, version, generation, deleted::text, data, clocks, encode(checksum, 'hex'), fold_generation, position,
      (extract(epoch FROM last_modified) * 1000)::bigint, partition, encode(hash, 'hex'), hlc
    FROM global_state.aggregate_states
    WHERE (aggregate_id, aggregate_type) > ($1::uuid, $2) AND aggregate_id <= $3::uuid
    ORDER BY aggregate_id, aggregate_type FETCH FIRST ${STATES_A_PAGE} ROWS WITH TIES`,
};

const SNAPSHOTS = {
  name: 'verify-snapshots',
  text: `
    SELECT aggregate_type, aggregate_id, version, generation, deleted::text, data, clocks, encode(checksum, 'hex'), fold_generation, position,
      (extract(epoch FROM last_modified) * 1000)::bigint, '', '', ''
    FROM global_state.aggregate_snapshots
    WHERE (aggregate_id, aggregate_type, version) > ($1::uuid, $2, $3) AND aggregate_id <= $4::uuid
    ORDER BY aggregate_id, aggregate_type, version FETCH FIRST ${STATES_A_PAGE} ROWS WITH TIES`,
};

type Key = { readonly id: string; readonly type: string; readonly version: number };
type Page<Row> = (after: readonly [string, string, string]) => Promise<Row[]>;

/** Every event of a range, aggregate by aggregate, versions in order, in pages; the next page is on its way meanwhile. */
export function eventPages(db: Queryable, range: IdRange): AsyncGenerator<EventRow[]> {
  return pages(range, async (after) => {
    const rows = await inTurn(db, () => copyOut(db, EVENTS(after, range.to), EVENT_COLUMN_COUNT));
    let before: EventRow | undefined;
    return Array.from({ length: rows.count }, (_, row) => (before = new EventRow(rows, row, before)));
  });
}

/** The rows of `aggregate_states` in the same order. */
export const stateRows = (db: Queryable, range: IdRange): AsyncGenerator<FoldRow> => foldRows(range, ([id, type]) => raw(db, STATES, [id, type, range.to]));

/** The rows of `aggregate_snapshots` in the same order. */
export const snapshotRows = (db: Queryable, range: IdRange): AsyncGenerator<FoldRow> => foldRows(range, (after) => raw(db, SNAPSHOTS, [...after, range.to]));

async function* foldRows(range: IdRange, read: Page<RawRow>): AsyncGenerator<FoldRow> {
  const page: Page<FoldRow> = async (after) => (await read(after)).map((row) => ({
    type: row[0]!, id: row[1]!, version: Number(row[2]), generation: row[3]!, deleted: row[4]!, data: row[5]!, clocks: row[6]!,
    checksum: row[7]!, fold_generation: row[8]!, position: row[9]!, last_modified: row[10]!, partition: row[11]!, hash: row[12]!,
    hlc: row[13]!,
  }));
  for await (const rows of pages(range, page)) yield* rows;
}

async function* pages<Row extends Key>(range: IdRange, page: Page<Row>): AsyncGenerator<Row[]> {
  let coming = page([range.from, '', LOWEST]);
  for (;;) {
    const rows = await coming;
    const last = rows.at(-1);
    if (!last) return;
    coming = page([last.id, last.type, String(last.version)]);
    coming.catch(() => undefined); // thrown where it is awaited; whoever stops before that does not ask
    yield rows;
  }
}
