import { hash as hashOf } from 'node:crypto';
import type { LogRow } from './sql/log-pages.js';

/** What a leaf is made of. */
type SignedColumns = Pick<LogRow, 'committedAt' | 'originSequence' | 'keyId' | 'hash'>;

/** Bytes of a leaf that are kept to locate a change. What proves it is the root, over whole leaves. */
export const MARK_BYTES = 8;

const HASH_BYTES = 32;

/**
 * The leaf of an event at a position (RFC 6962, section 2.1): what its own hash does not cover, and that hash.
 * @param position where the event is, or where it is asked whether it was
 */
export function leafHash(row: SignedColumns, position: number): Buffer {
  return Buffer.from(leafOf(row, position), 'latin1');
}

/** The leaves of events, each at its own position, one after another. */
export function leavesOf(rows: readonly (SignedColumns & { readonly position: number })[]): Buffer {
  const leaves = Buffer.allocUnsafe(rows.length * HASH_BYTES);
  rows.forEach((row, i) => leaves.write(leafOf(row, row.position), i * HASH_BYTES, 'latin1'));
  return leaves;
}

/** As text of one character a byte: an object for each hash would take longer to make than the hash. */
function leafOf({ committedAt, originSequence, keyId, hash }: SignedColumns, position: number): string {
  return hashOf('sha256', `\0${position}\n${committedAt}\n${originSequence}\n${keyId}\n${hash}`, 'binary');
}

/** The Merkle tree hash (RFC 6962, section 2.1) over leaves that are hashed already and stand one after another. */
export function merkleRoot(leaves: Buffer): Buffer {
  if (leaves.length === 0) return hashOf('sha256', '', 'buffer');
  // Level by level, in place; one that is left over goes up as it is, which is the tree that the RFC splits at powers of two.
  const level = Buffer.from(leaves);
  const node = Buffer.alloc(1 + 2 * HASH_BYTES, 1); // leaves begin with 0, nodes with 1: neither passes for the other
  let count = leaves.length / HASH_BYTES;
  while (count > 1) {
    const pairs = count >> 1;
    for (let i = 0; i < pairs; i += 1) {
      level.copy(node, 1, 2 * i * HASH_BYTES, 2 * (i + 1) * HASH_BYTES);
      level.write(hashOf('sha256', node, 'binary'), i * HASH_BYTES, 'latin1');
    }
    if (count % 2 === 1) level.copy(level, pairs * HASH_BYTES, (count - 1) * HASH_BYTES, count * HASH_BYTES);
    count = pairs + (count % 2);
  }
  return level.subarray(0, HASH_BYTES);
}

/** The first bytes of each leaf, in order. */
export function marksOf(leaves: Buffer): Buffer {
  const marks = Buffer.allocUnsafe((leaves.length / HASH_BYTES) * MARK_BYTES);
  for (let i = 0; i * HASH_BYTES < leaves.length; i += 1) leaves.copy(marks, i * MARK_BYTES, i * HASH_BYTES, i * HASH_BYTES + MARK_BYTES);
  return marks;
}
