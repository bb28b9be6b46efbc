import fc from 'fast-check';
import type { JsonObject } from '../json.js';
import { BUCKETS, Rates, WINDOWS_A_RULE } from './rates.js';
import type { RateRule } from './rule.js';

const rule: RateRule = { id: 'gain', kind: 'rate', path: 'gold', max: 100, windowSeconds: 16, mode: 'reject', about: '' };
const WINDOW_MS = rule.windowSeconds * 1000;
const BUCKET_MS = WINDOW_MS / BUCKETS;

describe('what came in lately', () => {
  it('is at least the naive sum of the window, and at most that of a window one bucket longer', () => {
    const step = fc.record({ after: fc.integer({ min: 0, max: 5 * BUCKET_MS }), amount: fc.integer({ min: 0, max: 1000 }) });
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 41 }), fc.array(step, { maxLength: 80 }), (start, steps) => {
      let now = start;
      let memory: JsonObject | undefined;
      const all: { at: number; amount: number }[] = [];
      const within = (ms: number) => all.filter(({ at }) => at > now - ms).reduce((sum, { amount }) => sum + amount, 0);
      for (const { after, amount } of steps) {
        now += after;
        all.push({ at: now, amount });
        const rates = new Rates(memory, now);
        const sum = rates.add(rule, '/gold', amount);
        expect(sum).toBeGreaterThanOrEqual(within(WINDOW_MS));
        expect(sum).toBeLessThanOrEqual(within(WINDOW_MS + BUCKET_MS));
        memory = throughJson(rates.kept());
      }
    }));
  });

  it('is never less than the naive sum of a path, however many paths there are, and stays small', () => {
    const step = fc.record({
      after: fc.integer({ min: 0, max: BUCKET_MS }), amount: fc.integer({ min: 1, max: 9 }), path: fc.integer({ min: 0, max: 2 * WINDOWS_A_RULE }),
    });
    fc.assert(fc.property(fc.array(step, { minLength: 100, maxLength: 300 }), (steps) => {
      let now = 2 ** 40;
      let memory: JsonObject | undefined;
      const all: { at: number; amount: number; path: number }[] = [];
      for (const { after, amount, path } of steps) {
        now += after;
        all.push({ at: now, amount, path });
        const rates = new Rates(memory, now);
        const naive = all.filter((one) => one.path === path && one.at > now - WINDOW_MS).reduce((sum, one) => sum + one.amount, 0);
        expect(rates.add(rule, `/bag/${path}`, amount)).toBeGreaterThanOrEqual(naive);
        memory = throughJson(rates.kept());
        expect(JSON.stringify(memory).length).toBeLessThan((WINDOWS_A_RULE + 1) * 200);
      }
    }), { numRuns: 20 });
  });

  it('forgets what has passed, and what another window counted', () => {
    const first = new Rates(undefined, 1_000_000);
    first.add(rule, '/gold', 60);
    const memory = first.kept()!;
    expect(new Rates(memory, 1_000_000 + WINDOW_MS).add(rule, '/gold', 1)).toBe(61);
    expect(new Rates(memory, 1_000_000 + WINDOW_MS + BUCKET_MS).add(rule, '/gold', 1)).toBe(1);
    expect(new Rates(memory, 1_000_000).add({ ...rule, windowSeconds: 17 }, '/gold', 1)).toBe(1);
    const later = new Rates(memory, 1_000_000 + 3 * WINDOW_MS);
    later.add({ ...rule, id: 'other' }, '/gold', 1);
    expect(Object.keys(later.kept()!['rates'] as object)).toEqual(['other']);
  });

  it('keeps what else is in the memory, and is silent where nothing was counted', () => {
    expect(new Rates({ else: 1 }, 0).kept()).toBeUndefined();
    const rates = new Rates({ else: 1 }, 0);
    rates.add(rule, '/gold', 1);
    expect(rates.kept()).toMatchObject({ else: 1 });
  });

  it('loses the newest first when something is taken back, and never more than there was', () => {
    const rates = new Rates(undefined, 10_000_000);
    rates.add(rule, '/gold', 60);
    const later = new Rates(rates.kept(), 10_000_000 + 5 * BUCKET_MS);
    later.add(rule, '/gold', 30);
    later.takeBack(rule, '/gold', 40);
    expect(later.add(rule, '/gold', 0)).toBe(50);
    later.takeBack(rule, '/gold', 1000);
    expect(later.add(rule, '/gold', 5)).toBe(5);
  });
});

function throughJson(memory: JsonObject | undefined): JsonObject | undefined {
  return memory && JSON.parse(JSON.stringify(memory)) as JsonObject;
}
