import fc from 'fast-check';
import { SLICE_BYTES, slicesOf } from './slices.js';

describe('slices', () => {
  it('are all of it in its order, none empty, each within its bounds or one item, and none that fits to the one before', () => {
    const sizes = fc.array(fc.oneof(fc.nat(1_000), fc.nat(SLICE_BYTES * 2)), { maxLength: 60 });
    fc.assert(fc.property(sizes, fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }), (given, most) => {
      const items = given.map((size, i) => ({ size, i }));
      const slices = slicesOf(items, most);
      expect(slices.flat()).toEqual(items);
      const bytesOf = (slice: readonly { size: number }[]): number => slice.reduce((sum, { size }) => sum + size, 0);
      slices.forEach((slice, i) => {
        expect(slice.length).toBeGreaterThan(0);
        expect(slice.length).toBeLessThanOrEqual(most ?? Infinity);
        if (slice.length > 1) expect(bytesOf(slice)).toBeLessThanOrEqual(SLICE_BYTES);
        const next = slices[i + 1]?.[0];
        if (next && slice.length < (most ?? Infinity)) expect(bytesOf(slice) + next.size).toBeGreaterThan(SLICE_BYTES);
      });
    }));
  });
});
