import { ServiceError } from '@app/kernel';
import { eventually } from '@app/testing';
import { Logger } from '@nestjs/common';
import { RateLimit } from './rate-limit.js';
import type { SharedCounts } from './shared-counts.js';

/** Counts as a server would keep them, in this process. */
class Totals implements SharedCounts {
  readonly calls: { window: string; deltas: Map<string, number> }[] = [];
  mode: 'up' | 'failing' | 'hanging' = 'up';
  private readonly totals = new Map<string, number>();
  private readonly hanging: (() => void)[] = [];

  async add(window: string, deltas: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> {
    this.calls.push({ window, deltas: new Map(deltas) });
    if (this.mode === 'failing') throw new Error('connection refused');
    if (this.mode === 'hanging') await new Promise<void>((resolve) => this.hanging.push(resolve));
    const answer = new Map<string, number>();
    for (const [subject, delta] of deltas) {
      const total = (this.totals.get(`${window} ${subject}`) ?? 0) + delta;
      this.totals.set(`${window} ${subject}`, total);
      answer.set(subject, total);
    }
    return answer;
  }

  release(): void {
    this.mode = 'up';
    for (const resolve of this.hanging.splice(0)) resolve();
  }
}

describe('a rate limit over two instances', () => {
  const minute = 29_000_000;
  let totals: Totals;
  let instances: RateLimit[];
  let warned: jest.SpyInstance;

  beforeEach(() => {
    at(10_000);
    warned = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    totals = new Totals();
    instances = [1, 2].map(() => new RateLimit({ rateLimitPerMinute: 100, sharedCounts: totals }));
  });
  afterEach(() => {
    for (const instance of instances) instance.onModuleDestroy();
    jest.restoreAllMocks();
  });

  const at = (milliseconds: number): void => {
    jest.spyOn(Date, 'now').mockReturnValue(minute * 60_000 + milliseconds);
  };

  /** What is left after one more request there, or that it was refused. */
  const ask = (instance: number, subject = 'someone'): number | 'refused' => {
    const seen = new Map<string, string>();
    try {
      instances[instance]!.consume(subject, { header: (name, value) => seen.set(name, value) });
      return Number(/r=(\d+)/.exec(seen.get('RateLimit') ?? '')?.[1]);
    } catch (error) {
      if (error instanceof ServiceError && error.error === 'RATE_LIMITED') return 'refused';
      throw error;
    }
  };
  const askTimes = (instance: number, times: number) => Array.from({ length: times }, () => ask(instance));
  const callsEnded = (count: number) => eventually(() => expect(totals.calls).toHaveLength(count));

  it('counts in this process first, and learns of the other within an interval', async () => {
    expect(askTimes(0, 30).at(-1)).toBe(70);
    expect(askTimes(1, 50).at(-1)).toBe(50);
    // The second of two calls knows of the first; the other instance learns at its own next one.
    await callsEnded(2);
    expect([ask(0), ask(1)]).toEqual([69, 19]);
    await callsEnded(4);
    expect(askTimes(0, 19).at(-1)).toBe(0);
    expect(ask(0)).toBe('refused');
    await callsEnded(5);
    expect(ask(1)).toBe(17);
    await callsEnded(6);
    expect(ask(1)).toBe('refused');
    const counted = totals.calls.flatMap(({ deltas }) => deltas.get('someone') ?? 0).reduce((sum, n) => sum + n, 0);
    expect(counted).toBe(102); // beyond 100 is what came while the other's counts were on their way
    expect(ask(0, 'another')).toBe(99);
  });

  it('asks for the subjects that were active only, once an interval', async () => {
    askTimes(0, 7);
    ask(0, 'another');
    await callsEnded(1);
    expect(totals.calls[0]).toEqual({ window: String(minute), deltas: new Map([['someone', 7], ['another', 1]]) });
    ask(0, 'another');
    await callsEnded(2);
    expect(totals.calls[1]!.deltas).toEqual(new Map([['another', 1]]));
  });

  it('begins anew when the minute of the clock turns, in every instance', async () => {
    askTimes(0, 60);
    await callsEnded(1);
    at(59_999);
    askTimes(0, 40);
    expect(ask(0)).toBe('refused');
    at(60_000);
    expect(ask(0)).toBe(99);
    expect(ask(1)).toBe(99);
    await callsEnded(3);
    expect(totals.calls.slice(1).map(({ window, deltas }) => [window, deltas.get('someone')]))
      .toEqual([[String(minute + 1), 1], [String(minute + 1), 1]]);
    at(-1); // a clock that was put back
    expect(ask(0)).toBe(99);
  });

  it('goes on alone while calls fail, with one line in the log, and comes back', async () => {
    totals.mode = 'failing';
    askTimes(0, 60);
    await callsEnded(1);
    ask(0);
    await callsEnded(2);
    expect(ask(0)).toBe(38);
    expect(warned.mock.calls).toEqual([['rate limits are counted by this instance alone: connection refused']]);
    totals.mode = 'up';
    await callsEnded(3);
    ask(1);
    await callsEnded(4);
    // What was in the failed calls may have arrived, so it is not sent again.
    expect(totals.calls[2]!.deltas).toEqual(new Map([['someone', 1]]));
    await eventually(() => expect(ask(1)).toBeLessThan(99));
    await callsEnded(totals.calls.length + 1); // what was asked last; the instance would fail too, and say so
    totals.mode = 'failing';
    ask(0);
    await eventually(() => expect(warned).toHaveBeenCalledTimes(2));
  });

  it('makes no second call while one hangs, and uses its late answer', async () => {
    totals.mode = 'hanging';
    ask(0);
    await callsEnded(1);
    askTimes(0, 5);
    await eventually(() => expect(warned.mock.calls).toEqual([
      ['rate limits are counted by this instance alone: no answer yet'],
    ]));
    expect(totals.calls).toHaveLength(1);
    totals.release();
    await callsEnded(2);
    expect(totals.calls[1]!.deltas).toEqual(new Map([['someone', 5]]));
  });
});
