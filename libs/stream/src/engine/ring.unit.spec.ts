import fc from 'fast-check';
import type { Change } from './change.js';
import { Ring } from './ring.js';

const CAPACITY = 8_192;
const change = (position: number, size = 1): Change => ({ position, size, channels: [position % 2 === 0 ? 'even' : 'odd', 'all'] }) as unknown as Change;

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

  it('holds no more than 16 MiB of them, however few that are', () => {
    const ring = new Ring(0);
    for (let position = 1; position <= 1_000; position += 1) ring.push(change(position, 256 * 1024));
    expect(ring.since(1_000 - 65, 'all')).toBeUndefined();
    expect(ring.since(1_000 - 64, 'all')!.map(({ position }) => position)).toEqual(Array.from({ length: 64 }, (_, i) => 937 + i));
    ring.push(change(1_001, 64 * 1024 * 1024));
    expect([ring.since(1_000, 'all'), ring.since(1_001, 'all')]).toEqual([undefined, []]);
  });
});
