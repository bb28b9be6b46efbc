import fc from 'fast-check';
import { LONGEST_MS, msOf, quantile, SLOT_ERROR, slotOf } from './latency-slots.js';

const time = fc.oneof(fc.nat(40), fc.nat(10_000), fc.nat(LONGEST_MS));

describe('slots of latencies', () => {
  it('are in order and touch', () => {
    let last = 0;
    for (let ms = 1; ms < 5_000; ms += 1) {
      expect([last, last + 1]).toContain(slotOf(ms));
      last = slotOf(ms);
    }
  });

  it('take what is negative as 0, and what is too long as the longest', () => {
    expect([slotOf(-1), slotOf(-1e15), slotOf(1e15)]).toEqual([0, 0, slotOf(LONGEST_MS)]);
    expect(slotOf(LONGEST_MS)).toBeLessThan(2 ** 15); // a smallint
  });

  it('answer within the stated error, exactly below 16 ms', () => {
    fc.assert(fc.property(time, (ms) => {
      const told = msOf(slotOf(ms));
      expect(Math.abs(told - ms)).toBeLessThanOrEqual(ms * SLOT_ERROR);
      if (ms < 16) expect(told).toBe(ms);
    }), { numRuns: 2_000 });
  });
});

describe('quantile', () => {
  it('is the nearest-rank one within the stated error', () => {
    fc.assert(fc.property(fc.array(time, { minLength: 1, maxLength: 300 }), fc.constantFrom(0.5, 0.95, 0.99, 1), (times, q) => {
      const histogram = new Map<number, number>();
      for (const ms of times) histogram.set(slotOf(ms), (histogram.get(slotOf(ms)) ?? 0) + 1);
      const exact = [...times].sort((a, b) => a - b)[Math.ceil(q * times.length) - 1]!;
      expect(Math.abs(quantile(histogram, q)! - exact)).toBeLessThanOrEqual(exact * SLOT_ERROR);
    }), { numRuns: 1_000 });
  });

  it('of nothing is nothing', () => {
    expect(quantile(new Map(), 0.5)).toBeUndefined();
  });
});
