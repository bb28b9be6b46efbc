import fc from 'fast-check';
import { type Hlc, hlcToMs, nextHlc } from './hlc.js';

const COUNTER_MAX = 0xffffn;
const MAX_MS = 2 ** 47; // what 48 bits above a counter leave to a signed 64-bit column
const ms = fc.integer({ min: 0, max: MAX_MS - 1 });

const at = (milliseconds: number, counter: bigint): Hlc => (BigInt(milliseconds) << 16n) | counter;

describe('nextHlc', () => {
  it('takes the wall clock when that is ahead, with the counter at 0', () => {
    expect(nextHlc(at(1000, 7n), 1001)).toBe(at(1001, 0n));
    expect(nextHlc(0n, 1_764_000_000_000)).toBe(at(1_764_000_000_000, 0n));
  });

  it('counts inside one millisecond', () => {
    expect(nextHlc(at(1000, 0n), 1000)).toBe(at(1000, 1n));
    expect(nextHlc(at(1000, 41n), 1000)).toBe(at(1000, 42n));
  });

  it('counts on while the wall clock is behind', () => {
    expect(nextHlc(at(1000, 3n), 400)).toBe(at(1000, 4n));
    expect(nextHlc(at(1000, 3n), 0)).toBe(at(1000, 4n));
  });

  it('runs into the next millisecond when the counter is full', () => {
    expect(nextHlc(at(1000, COUNTER_MAX), 1000)).toBe(at(1001, 0n));
    let clock = at(1000, 0n);
    for (let i = 0n; i <= COUNTER_MAX; i += 1n) clock = nextHlc(clock, 1000);
    expect(clock).toBe(at(1001, 0n));
    expect(nextHlc(clock, 1000)).toBe(at(1001, 1n));
  });

  it('does not mind fractions of a millisecond', () => {
    expect(nextHlc(0n, 12.9)).toBe(at(12, 0n));
  });

  it('is monotonic under clocks that jump back and forth, never behind the wall, and orders as integers do', () => {
    fc.assert(fc.property(fc.array(ms, { minLength: 1, maxLength: 60 }), ms, (wall, start) => {
      let previous = at(start, 0n);
      const readings = wall.map((now) => {
        const next = nextHlc(previous, now);
        expect(next > previous).toBe(true);
        expect(hlcToMs(next)).toBeGreaterThanOrEqual(now);
        previous = next;
        return next;
      });
      expect([...readings].sort((a, b) => (a < b ? -1 : 1))).toEqual(readings);
      expect(new Set(readings).size).toBe(readings.length);
      expect(BigInt.asIntN(64, previous)).toBe(previous);
    }));
  });

  it('keeps two clocks that hear of one another in causal order', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(1), ms), { maxLength: 60 }), (turns) => {
      const clocks: [Hlc, Hlc] = [0n, 0n];
      for (const [who, now] of turns) {
        const heard = clocks[0] > clocks[1] ? clocks[0] : clocks[1];
        clocks[who as 0 | 1] = nextHlc(heard, now);
        expect(clocks[who as 0 | 1] > heard).toBe(true);
      }
    }));
  });
});

describe('hlcToMs', () => {
  it('gives back the wall-clock part, whatever the counter', () => {
    fc.assert(fc.property(ms, fc.bigInt({ min: 0n, max: COUNTER_MAX }), (now, counter) => {
      expect(hlcToMs(at(now, counter))).toBe(now);
    }));
  });
});
