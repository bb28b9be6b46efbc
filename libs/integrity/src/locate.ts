import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SignedRange } from './check-roots.js';
import type { Findings } from './finding.js';
import { leafHash, MARK_BYTES } from './merkle.js';
import type { LogRow } from './sql/log-pages.js';

/** How far an event is looked for among the signed ones of its stretch, in both directions, beside where the last one was. */
const NEAR = 64;
/** So many are looked for in all of the stretch. */
const SEARCHES = 32;

/**
 * Finds what differs in a stretch whose root does not fit any more: each position against the mark of the leaf that was signed.
 * An event that was signed at another position is told from one that was not signed at all; a run of events that moved
 * by the same distance, as when one was taken out or put in and the rest renumbered, is one finding, at its first position.
 * A search takes up to 30 ms, after which others have their turn.
 */
export async function locate(root: SignedRange, rows: readonly LogRow[], findings: Findings): Promise<void> {
  let distance = 0; // of the run that goes on
  let searches = SEARCHES;
  const seen = new Set<number>();
  for (const row of rows) {
    if (findings.full) return;
    const again = seen.has(row.position);
    seen.add(row.position);
    if (!again && isSigned(root, row, row.position)) {
      distance = 0;
      continue;
    }
    if (distance !== 0 && isSigned(root, row, row.position + distance)) continue;
    await nextTurn();
    const from = signedAt(root, row, searches > 0);
    if (from === undefined) searches -= 1;
    distance = from === undefined ? distance : from - row.position;
    findings.add(from === undefined ? changed(root, row) : moved(root, row, from));
  }
}

function isSigned(root: SignedRange, row: LogRow, position: number): boolean {
  if (position < root.first || position > root.last) return false;
  const at = (position - root.first) * MARK_BYTES;
  return leafHash(row, position).compare(root.marks, at, at + MARK_BYTES, 0, MARK_BYTES) === 0;
}

/** Near first: what moved far is rare, and costs a hash for each position. */
function signedAt(root: SignedRange, row: LogRow, everywhere: boolean): number | undefined {
  for (let step = 1; step <= NEAR; step += 1) {
    if (isSigned(root, row, row.position - step)) return row.position - step;
    if (isSigned(root, row, row.position + step)) return row.position + step;
  }
  if (!everywhere) return undefined;
  for (let position = root.first; position <= root.last; position += 1) if (isSigned(root, row, position)) return position;
  return undefined;
}

function changed(root: SignedRange, row: LogRow) {
  const at = (row.position - root.first) * MARK_BYTES;
  return {
    ...placeOf(root.partition, row), kind: 'signed-content' as const,
    expected: root.marks.toString('hex', at, at + MARK_BYTES), found: leafHash(row, row.position).toString('hex', 0, MARK_BYTES),
    what: `the event at position ${row.position} is not the one that was signed in root ${root.number}: its hash, commit time or `
      + 'origin sequence is another',
  };
}

function moved(root: SignedRange, row: LogRow, from: number) {
  return {
    ...placeOf(root.partition, row), kind: 'signed-order' as const, field: 'position', expected: String(from), found: String(row.position),
    what: `the event at position ${row.position} was signed at position ${from} (root ${root.number})`,
  };
}

/** Where an event is, in every way to say it. */
export function placeOf(partition: number, { position, type, id, version }: LogRow) {
  return { partition, position, aggregateType: type, aggregateId: id, version };
}
