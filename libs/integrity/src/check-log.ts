import type { Findings } from './finding.js';
import { locate, placeOf } from './locate.js';
import { leavesOf, merkleRoot } from './merkle.js';
import type { SignedRange } from './check-roots.js';
import { copiedLogPage, type LogHead, type LogRow } from './sql/log-pages.js';
import type { Queryable } from './sql/raw.js';

const EVENTS_A_PAGE = 2_000;

/** Where a walk along the positions of a partition has come to. */
interface Walk {
  readonly db: Queryable;
  readonly partition: number;
  readonly findings: Findings;
  readonly onEvents: (count: number) => void;
  last: number;
  committedAt: number;
}

/**
 * Walks a partition by positions: that they are dense, that time does not run backwards, and that what was signed is what is
 * there.
 * @param roots in order; only those whose signature holds
 */
export async function checkLog(
  db: Queryable, head: LogHead, roots: readonly SignedRange[], findings: Findings, onEvents: (count: number) => void,
): Promise<void> {
  const walk: Walk = { db, partition: head.partition, findings, onEvents, last: 0, committedAt: 0 };
  for (const root of roots) {
    if (findings.full) return;
    if (root.first > walk.last + 1) await unsigned(walk, root.first - 1);
    await signed(walk, root);
  }
  await unsigned(walk, Number.MAX_SAFE_INTEGER, head.position);
  checkHead(walk, head);
}

async function signed(walk: Walk, root: SignedRange): Promise<void> {
  const rows: LogRow[] = [];
  for await (const page of pagesTo(walk, root.last)) rows.push(...page);
  checkDensity(walk, rows, root.last);
  walk.committedAt = Math.max(walk.committedAt, Number(rows.at(-1)?.committedAt ?? 0));
  if (merkleRoot(leavesOf(rows)).toString('hex') === root.root) return;
  await locate(root, rows, walk.findings);
}

/** What no root covers. Up to the end of the log it is not known how far that is, except from the head. */
async function unsigned(walk: Walk, upTo: number, expectedEnd: number = upTo): Promise<void> {
  for await (const page of pagesTo(walk, upTo)) {
    checkDensity(walk, page, page.at(-1)!.position);
    for (const row of page) checkTime(walk, row);
  }
  checkDensity(walk, [], expectedEnd);
}

async function* pagesTo(walk: Walk, upTo: number): AsyncGenerator<LogRow[]> {
  let after = walk.last;
  while (!walk.findings.full) {
    const rows = await copiedLogPage(walk.db, walk.partition, { after, upTo, limit: EVENTS_A_PAGE });
    if (rows.length === 0) return;
    walk.onEvents(rows.length);
    after = rows.at(-1)!.position;
    yield rows;
  }
}

function checkDensity(walk: Walk, rows: readonly LogRow[], upTo: number): void {
  const { partition, findings } = walk;
  const miss = (position: number, through: number): void => findings.add({
    kind: 'position-missing', partition, position, ...(through > position ? { through } : {}),
    what: through > position ? `no events at the positions ${position} to ${through}` : `no event at position ${position}`,
  });
  for (const row of rows) {
    if (row.position > walk.last + 1) miss(walk.last + 1, row.position - 1);
    if (row.position === walk.last) {
      findings.add({ ...placeOf(partition, row), kind: 'position-twice', what: `a second event at position ${row.position}` });
    }
    walk.last = row.position;
  }
  if (upTo > walk.last && !findings.full) {
    miss(walk.last + 1, upTo);
    walk.last = upTo;
  }
}

function checkTime(walk: Walk, row: LogRow): void {
  const time = Number(row.committedAt);
  if (time < walk.committedAt) {
    walk.findings.add({
      ...placeOf(walk.partition, row), kind: 'time-backwards', field: 'committed_at', expected: `${iso(walk.committedAt)} or later`,
      found: iso(time), what: `the event at position ${row.position} was committed before the one below it`,
    });
  } else walk.committedAt = time;
}

function checkHead({ partition, last, committedAt, findings }: Walk, head: LogHead): void {
  const wrong = (field: string, expected: string, found: string): void => findings.add({
    kind: 'head', partition, field, expected, found, what: `the head of partition ${partition} is not that of its last event`,
  });
  if (head.position !== last) wrong('position', String(last), String(head.position));
  // A head may be later than its last event only if that is gone, and then positions are missing as well.
  else if (Number(head.committedAt) !== committedAt) wrong('committed_at', iso(committedAt), iso(Number(head.committedAt)));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
