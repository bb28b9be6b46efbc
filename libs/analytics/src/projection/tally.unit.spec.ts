import type { LogFact } from '@app/event-store';
import fc from 'fast-check';
import { dayOf, hourOf, startOf } from './hours.js';
import { tally } from './tally.js';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 5);

const event = (over: { hour: number; lateMs?: number; origin?: string; type?: string; id?: number; version?: number }): LogFact => {
  const { hour, lateMs = 0, origin = 'here', type = 'Seen', id = 1, version = 1 } = over;
  const decidedAt = START + hour * HOUR_MS;
  return {
    type, version, origin, ref: { type: 'player', id: `id ${id}` }, hlc: BigInt(decidedAt) << 16n, committedAt: new Date(decidedAt + lateMs),
  } as LogFact;
};

describe('hours', () => {
  it('begin and end where UTC says', () => {
    const hour = hourOf(START + 5 * HOUR_MS);
    expect(hourOf(START + 6 * HOUR_MS - 1)).toBe(hour);
    expect(startOf(hour)).toEqual(new Date(START + 5 * HOUR_MS));
    expect(startOf(dayOf(hour))).toEqual(new Date(START));
    expect(dayOf(dayOf(hour))).toBe(dayOf(hour));
  });
});

describe('tally', () => {
  it('counts a local event at its commit and one of elsewhere at its own time', async () => {
    const late = 3 * HOUR_MS;
    const { aggregates, latencies } = await tally([event({ hour: 1, lateMs: late }), event({ hour: 1, lateMs: late, origin: 'there' })], 'here', 0);
    expect(aggregates.map(({ hour }) => hour - hourOf(START))).toEqual([4, 1]);
    expect(latencies.filter(({ hours }) => hours === 1).map(({ foreign }) => foreign)).toEqual([false, true]);
  });

  it('leaves out what is older than what is kept', async () => {
    expect(await tally([event({ hour: 1 })], 'here', hourOf(START) + 2)).toEqual({ aggregates: [], eventTypes: [], latencies: [] });
  });

  it('counts every event once in each part, whatever the batch', async () => {
    const some = fc.record({
      hour: fc.nat(50), lateMs: fc.nat(5_000), origin: fc.constantFrom('here', 'there'), type: fc.constantFrom('A', 'B'), id: fc.nat(5),
      version: fc.integer({ min: 1, max: 1_000 }),
    });
    await fc.assert(fc.asyncProperty(fc.array(some, { maxLength: 100 }), async (events) => {
      const made = await tally(events.map(event), 'here', 0);
      const sum = (rows: readonly { changes: number }[]) => rows.reduce((all, { changes }) => all + changes, 0);
      expect([sum(made.aggregates), sum(made.eventTypes), sum(made.latencies)]).toEqual([events.length, events.length, 2 * events.length]);
      expect(made.aggregates.reduce((all, { versions }) => all + versions, 0n))
        .toBe(events.reduce((all, { version }) => all + BigInt(version), 0n));
      const keys = made.aggregates.map(({ hour, aggregateId }) => `${hour} ${aggregateId}`);
      expect(new Set(keys).size).toBe(keys.length);
    }));
  });
});
