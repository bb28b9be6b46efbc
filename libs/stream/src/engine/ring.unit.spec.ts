import fc from 'fast-check';
import type { Change } from './change.js';
import { Ring } from './ring.js';

const CAPACITY = 8_192;
const change = (position: number): Change => ({ position, channels: [position % 2 === 0 ? 'even' : 'odd', 'all'] }) as unknown as Change;

describe('the ring of the newest changes', () => {
  it('gives all of a channel after a position, in order, or says that it cannot', () => {
    fc.assert(fc.property(fc.nat(50), fc.nat(CAPACITY * 2 + 10), fc.nat(CAPACITY * 3), (start, count, after) => {
      const ring = new Ring(start);
      for (let i = 1; i <= count; i += 1) ring.push(change(start + i));
      const oldest = start + Math.max(0, count - CAPACITY);
      const found = ring.since(after, 'even');
      if (after < oldest) {
        expect(found).toBeUndefined();
        return;
      }
      const all = Array.from({ length: Math.max(0, start + count - after) }, (_, i) => after + 1 + i);
      expect(found!.map(({ position }) => position)).toEqual(all.filter((position) => position % 2 === 0));
    }), { numRuns: 60 });
  });
});
