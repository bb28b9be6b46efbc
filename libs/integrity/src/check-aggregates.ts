import { Aggregate, extraState, extraSnapshot } from './aggregate.js';
import type { Findings } from './finding.js';
import { eventPages, type FoldRow, type IdRange, snapshotRows, stateRows } from './sql/aggregate-pages.js';
import type { Queryable } from './sql/raw.js';

/** What was looked at in a range of aggregates. */
export interface RangeCount {
  readonly events: number;
  readonly aggregates: number;
  readonly snapshots: number;
}

type Key = { readonly id: string; readonly type: string };

/**
 * Walks a range of aggregates, each by versions: that they are dense, that each event's hash is that of its bytes after the
 * event before it, and that the state and every kept fold are what the events fold to. Events, folds and states come in the same
 * order, so memory is flat: a page of each, one state.
 */
export async function checkAggregates(
  db: Queryable, range: IdRange, findings: Findings, onEvents: (count: number) => void,
): Promise<RangeCount> {
  const states = await Ahead.of(stateRows(db, range));
  const snapshots = await Ahead.of(snapshotRows(db, range));
  const count = { events: 0, aggregates: 0, snapshots: 0 };
  let aggregate: Aggregate | undefined;
  const end = async (ended: Aggregate): Promise<void> => {
    for (; states.row && isBelow(states.row, ended.last); await states.next()) findings.add(extraState(states.row));
    const own = states.row && isSame(states.row, ended.last) ? states.row : undefined;
    ended.end(own);
    if (own) await states.next();
  };
  for await (const rows of eventPages(db, range)) {
    for (const row of rows) {
      if (!aggregate || !isSame(aggregate.last, row)) {
        if (aggregate) await end(aggregate);
        aggregate = new Aggregate(row, findings);
        count.aggregates += 1;
      }
      aggregate.event(row);
      for (; snapshots.row && isUpTo(snapshots.row, row); await snapshots.next()) {
        count.snapshots += 1;
        if (isSame(snapshots.row, row) && snapshots.row.version === row.version) aggregate.snapshot(snapshots.row);
        else findings.add(extraSnapshot(snapshots.row));
      }
    }
    count.events += rows.length;
    onEvents(rows.length);
    if (findings.full) return count;
  }
  if (aggregate) await end(aggregate);
  for (; states.row; await states.next()) findings.add(extraState(states.row));
  for (; snapshots.row; await snapshots.next()) findings.add(extraSnapshot(snapshots.row));
  return count;
}

/** Rows one at a time, the next one in sight. */
class Ahead {
  row: FoldRow | undefined;

  private constructor(private readonly rows: AsyncGenerator<FoldRow>) {}

  static async of(rows: AsyncGenerator<FoldRow>): Promise<Ahead> {
    const ahead = new Ahead(rows);
    await ahead.next();
    return ahead;
  }

  async next(): Promise<void> {
    const { value, done } = await this.rows.next();
    this.row = done ? undefined : value;
  }
}

function isSame(a: Key, b: Key): boolean {
  return a.id === b.id && a.type === b.type;
}

/** In the order of the index: ids as they are written, then types by their bytes. */
function isBelow(a: Key, b: Key): boolean {
  return a.id < b.id || (a.id === b.id && a.type < b.type);
}

function isUpTo(a: FoldRow, b: Key & { readonly version: number }): boolean {
  return isBelow(a, b) || (isSame(a, b) && a.version <= b.version);
}
