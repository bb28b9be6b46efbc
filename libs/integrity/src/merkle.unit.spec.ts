import { createHash } from 'node:crypto';
import { merkleRoot } from './merkle.js';

const sha = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

/** As RFC 6962, section 2.1 puts it: split at the largest power of two below the number of leaves. */
function byTheBook(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha();
  if (leaves.length === 1) return leaves[0]!;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha(Buffer.from([1]), byTheBook(leaves.slice(0, split)), byTheBook(leaves.slice(split)));
}

describe('the Merkle root', () => {
  it('is that of RFC 6962 for every number of leaves', () => {
    for (let n = 0; n <= 130; n += 1) {
      const leaves = Array.from({ length: n }, (_, i) => sha(Buffer.from([0, i])));
      expect(merkleRoot(Buffer.concat(leaves)).toString('hex')).toBe(byTheBook(leaves).toString('hex'));
    }
  });

  it('is that of a known tree', () => {
    // The leaves and roots of the reference implementation of Certificate Transparency.
    const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
      .map((hex) => sha(Buffer.from([0]), Buffer.from(hex, 'hex')));
    expect(merkleRoot(Buffer.concat(leaves)).toString('hex')).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
    expect(merkleRoot(Buffer.concat(leaves.slice(0, 3))).toString('hex')).toBe('aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77');
  });
});
