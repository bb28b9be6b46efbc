import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import { leavesOf, marksOf, merkleRoot } from './merkle.js';
import { keyId, marksDigest, NO_ROOT, POSITIONS_A_ROOT, readRoot, rootDigest, type SeenRoot, signRoot, type StoredRoot } from './root.js';
import { logHeads, logPage, type LogRow } from './sql/log-pages.js';
import { addRoot, lastRoot } from './sql/roots.js';
import type { Queryable } from './sql/raw.js';

export interface SignOptions {
  readonly key: KeyObject;
  /** Public keys of earlier roots, beside that of `key`. */
  readonly earlierKeys?: readonly KeyObject[];
  /** Positions to a root. Default and at most `POSITIONS_A_ROOT`. */
  readonly every?: number;
  /** Also signs what is left over at the end of the log. Default true. */
  readonly remainder?: boolean;
  readonly now?: () => Date;
  /** The newest root of a partition as it was seen: another one is not built upon. Absent: whatever the table has. */
  readonly seen?: (partition: number) => SeenRoot | undefined;
}

/** A log that is not in a state to be signed: one sentence says where. */
export class NotSignable extends Error {
  override readonly name = 'NotSignable';
}

/**
 * Signs what no root covers yet, root after root, each committed as it is made. It does not verify the hash chains below: a lie
 * that is in the log before its first root is signed with it.
 * @throws NotSignable where positions are missing, time runs backwards, or the newest root does not hold or is not the one that was seen
 */
export async function* signRoots(db: Queryable, options: SignOptions): AsyncGenerator<StoredRoot> {
  const every = Math.min(options.every ?? POSITIONS_A_ROOT, POSITIONS_A_ROOT);
  for (const head of await logHeads(db)) {
    let before = await lastRoot(db, head.partition);
    let signed = before ? coveredBy(before, options) : 0;
    if (options.seen) assertSeen(before, options.seen(head.partition), head.partition);
    while (head.position - signed >= (options.remainder === false ? every : 1)) {
      const last = Math.min(signed + every, head.position);
      const rows = await logPage(db, head.partition, { after: signed, upTo: last, limit: every });
      assertSignable(rows, signed + 1, last);
      const leaves = leavesOf(rows);
      const marks = marksOf(leaves);
      const root: StoredRoot = signRoot({
        v: 1, partition: head.partition, number: (before?.number ?? 0) + 1, first: signed + 1, last,
        root: merkleRoot(leaves).toString('hex'), marks: marksDigest(marks), previous: before ? rootDigest(before) : NO_ROOT,
        signedAt: (options.now?.() ?? new Date()).toISOString(), key: keyId(options.key),
      }, marks, options.key);
      await addRoot(db, root);
      yield root;
      before = root;
      signed = last;
    }
  }
}

function coveredBy(root: StoredRoot, { key, earlierKeys = [] }: SignOptions): number {
  const said = readRoot(root, [createPublicKey(key), ...earlierKeys]);
  if (typeof said === 'string') throw new NotSignable(`root ${root.number} of partition ${root.partition} does not hold: ${said}`);
  return said.last;
}

function assertSeen(newest: StoredRoot | undefined, seen: SeenRoot | undefined, partition: number): void {
  if (newest?.number === seen?.number && (!newest || rootDigest(newest) === seen!.digest)) return;
  throw new NotSignable(`the newest root of partition ${partition} changed while it was looked at`);
}

function assertSignable(rows: readonly LogRow[], first: number, last: number): void {
  const wrong = Array.from({ length: last - first + 1 }, (_, i) => first + i).find((position, i) => rows[i]?.position !== position);
  if (wrong !== undefined || rows.length > last - first + 1) throw new NotSignable(`there is not one event at position ${wrong ?? last}`);
  const early = rows.find((row, i) => i > 0 && Number(row.committedAt) < Number(rows[i - 1]!.committedAt));
  if (early) throw new NotSignable(`time runs backwards at position ${early.position}`);
}
