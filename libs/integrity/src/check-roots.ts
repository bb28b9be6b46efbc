import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Findings } from './finding.js';
import { NO_ROOT, readRoot, rootDigest, type RootKeys, type RootStatement, type StoredRoot } from './root.js';
import { storedRoots } from './sql/roots.js';
import type { Queryable } from './sql/raw.js';

/** A signature takes 0.1 ms to check, and others may be waiting for the thread. */
const ROOTS_A_TURN = 50;

/** What a root whose signature holds says of a stretch of positions. */
export interface SignedRange extends Omit<RootStatement, 'marks'> {
  /** `MARK_BYTES` of each leaf. */
  readonly marks: Buffer;
}

/**
 * Checks the signature, place and chain of every root, in the table and in a file of them that was kept elsewhere.
 * @param kept roots from outside the database: the table must have each of them, as it was
 * @param keys none: nothing was ever signed
 * @returns what the roots say whose signature holds, in order; of a kept root that the table has changed, the kept one
 */
export async function checkRoots(
  db: Queryable, kept: readonly StoredRoot[], keys: RootKeys, findings: Findings,
): Promise<SignedRange[]> {
  const outside = new Map(kept.map((root) => [nameOf(root), root]));
  const roots: StoredRoot[] = [];
  for await (const root of storedRoots(db)) {
    const own = outside.get(nameOf(root));
    outside.delete(nameOf(root));
    if (own && !isSame(own, root)) wrong(findings, root, 'it is another one in the table than in the file');
    roots.push(own ?? root);
  }
  for (const root of outside.values()) {
    wrong(findings, root, 'it is in the file but not in the table');
    roots.push(root);
  }
  roots.sort((a, b) => a.partition - b.partition || a.number - b.number);
  return chained(roots, keys, findings);
}

async function chained(roots: readonly StoredRoot[], keys: RootKeys, findings: Findings): Promise<SignedRange[]> {
  const ranges: SignedRange[] = [];
  let before: { root: StoredRoot; statement: RootStatement | undefined } | undefined;
  for (const [i, root] of roots.entries()) {
    if (i % ROOTS_A_TURN === 0) await nextTurn();
    if (before?.root.partition !== root.partition) before = undefined;
    const expected = (before?.root.number ?? 0) + 1;
    if (root.number !== expected) wrong(findings, { ...root, number: expected }, 'it is missing');
    const said = readRoot(root, keys);
    if (typeof said === 'string') wrong(findings, root, said);
    else {
      if (root.number === expected) checkLink(root, said, before, findings);
      // A stretch that an earlier root covers already is not covered twice.
      if (said.first > (before?.statement?.last ?? 0)) ranges.push({ ...said, marks: root.marks });
    }
    before = { root, statement: typeof said === 'string' ? undefined : said };
  }
  return ranges;
}

function checkLink(
  root: StoredRoot, said: RootStatement, before: { root: StoredRoot; statement: RootStatement | undefined } | undefined, findings: Findings,
): void {
  if (said.previous !== (before ? rootDigest(before.root) : NO_ROOT)) wrong(findings, root, 'it does not follow the root before it');
  const first = before ? before.statement && before.statement.last + 1 : 1;
  if (first !== undefined && said.first !== first) wrong(findings, root, `it begins at position ${said.first}, not at ${first}`);
}

function wrong(findings: Findings, { partition, number }: Pick<StoredRoot, 'partition' | 'number'>, why: string): void {
  findings.add({ kind: 'root', partition, field: `root ${number}`, what: `root ${number} of partition ${partition}: ${why}` });
}

function isSame(a: StoredRoot, b: StoredRoot): boolean {
  return a.statement === b.statement && a.signature.equals(b.signature) && a.marks.equals(b.marks);
}

function nameOf({ partition, number }: StoredRoot): string {
  return `${partition}/${number}`;
}
