import { eventually } from '@app/testing';
import { type Check, Probe } from './probe.js';

/** A thing whose answers the test decides: each call waits to be settled. */
class Thing {
  readonly calls: { answer: () => void; signal: AbortSignal }[] = [];

  readonly check: Check = (signal) => new Promise<void>((answer) => {
    this.calls.push({ answer, signal });
  });

  async answer(index: number): Promise<void> {
    this.calls[index]!.answer();
    await new Promise(setImmediate);
  }
}

const NEVER = 1_000_000;
const TIMING = { freshMs: NEVER, patienceMs: 20, timeoutMs: NEVER, abandonMs: NEVER };

describe('Probe', () => {
  afterEach(() => { jest.restoreAllMocks(); });

  it('says how the thing is, and how long it took', async () => {
    const before = performance.now();
    const up = await new Probe(async () => undefined).read();
    const took = performance.now() - before;
    expect(up).toEqual({ status: 'up', latencyMs: expect.any(Number) });
    expect(up.latencyMs).toBeLessThan(took + 0.1); // it is rounded
    expect(await new Probe(async () => ({ status: 'degraded', message: 'no replica' })).read())
      .toMatchObject({ status: 'degraded', message: 'no replica' });
  });

  it('says no more of a failure than its code', async () => {
    const secret = 'postgres://gss:sesame@10.0.0.5/gss';
    const messageOf = async (error: unknown) => (await new Probe(() => Promise.reject(error)).read()).message;
    expect(await messageOf(new Error(secret))).toBe('failed');
    expect(await messageOf(Object.assign(new Error(secret), { code: 'ECONNREFUSED' }))).toBe('failed (ECONNREFUSED)');
    expect(await messageOf(Object.assign(new Error(secret), { code: '57P03' }))).toBe('failed (57P03)');
    expect(await messageOf(Object.assign(new Error(secret), { code: secret }))).toBe('failed');
    expect(await messageOf(secret)).toBe('failed');
    expect(await messageOf(undefined)).toBe('failed');
  });

  it('takes a check that throws before it waits for a failure', async () => {
    const probe = new Probe(() => { throw new Error('no pool'); });
    expect(await probe.read()).toMatchObject({ status: 'down', message: 'failed' });
  });

  it('shares one check among all callers', async () => {
    const thing = new Thing();
    const probe = new Probe(thing.check, { ...TIMING, patienceMs: NEVER });
    const readings = Promise.all(Array.from({ length: 100 }, () => probe.read()));
    await thing.answer(0);
    expect(new Set(await readings).size).toBe(1);
    expect(thing.calls).toHaveLength(1);
  });

  it('gives a fresh reading again, and asks anew for a stale one', async () => {
    const thing = new Thing();
    const fresh = new Probe(thing.check, { ...TIMING, patienceMs: NEVER });
    const first = fresh.read();
    await thing.answer(0);
    expect(await fresh.read()).toBe(await first);
    expect(thing.calls).toHaveLength(1);
    const stale = new Probe(thing.check, { ...TIMING, freshMs: -1, patienceMs: NEVER });
    stale.refresh();
    await thing.answer(1);
    const next = stale.read();
    expect(thing.calls).toHaveLength(3);
    await thing.answer(2);
    expect((await next).status).toBe('up');
  });

  it('is down until it was up once', async () => {
    const probe = new Probe(new Thing().check, TIMING);
    expect(await probe.read()).toMatchObject({ status: 'down', message: 'has not answered yet' });
  });

  it('does not wait for a slow answer: what was up is degraded meanwhile', async () => {
    const thing = new Thing();
    const probe = new Probe(thing.check, { ...TIMING, freshMs: -1 });
    probe.refresh();
    await thing.answer(0);
    const { status, message } = await probe.read();
    expect(status).toBe('degraded');
    expect(message).toMatch(/^no answer for \d+ ms$/);
    await thing.answer(1);
    probe.refresh();
    await thing.answer(2);
    const soon = probe.read();
    await thing.answer(3);
    expect((await soon).status).toBe('up');
  });

  it('is down once an answer takes too long, asks no second time, and lets go of the first', async () => {
    const thing = new Thing();
    const probe = new Probe(thing.check, { ...TIMING, freshMs: -1, timeoutMs: 60 });
    probe.refresh();
    await thing.answer(0);
    await eventually(async () => expect(await probe.read())
      .toEqual({ status: 'down', latencyMs: 60, message: 'no answer within 60 ms' }));
    expect(thing.calls).toHaveLength(2);
    expect(thing.calls[1]!.signal.aborted).toBe(true);
    const before = performance.now();
    for (let i = 0; i < 1_000; i++) await probe.read();
    expect(performance.now() - before).toBeLessThan(TIMING.patienceMs * 500);
    expect(thing.calls).toHaveLength(2);
  });

  it('takes no answer that comes too late for one, but asks again then', async () => {
    const thing = new Thing();
    const probe = new Probe(thing.check, { ...TIMING, freshMs: -1, timeoutMs: 30 });
    probe.refresh();
    await eventually(async () => expect((await probe.read()).message).toBe('no answer within 30 ms'));
    await thing.answer(0);
    const next = probe.read();
    expect(thing.calls).toHaveLength(2);
    await thing.answer(1);
    expect((await next).status).toBe('up');
  });

  it('keeps to its verdict when an answer comes too late, or in time', async () => {
    const [slow, quick] = [new Thing(), new Thing()];
    const timing = { ...TIMING, timeoutMs: 30 };
    const [late, inTime] = [new Probe(slow.check, timing), new Probe(quick.check, timing)];
    inTime.refresh();
    await quick.answer(0);
    late.refresh();
    await eventually(async () => expect((await late.read()).message).toBe('no answer within 30 ms'));
    await slow.answer(0);
    expect((await late.read()).status).toBe('down');
    expect((await inTime.read()).status).toBe('up');
  });

  it('leaves behind a check that never ends, one at a time', async () => {
    const thing = new Thing();
    const probe = new Probe(thing.check, { freshMs: -1, patienceMs: 5, timeoutMs: 10, abandonMs: 300 });
    probe.refresh();
    await eventually(() => {
      probe.refresh();
      expect(thing.calls).toHaveLength(2);
    });
    expect(thing.calls[0]!.signal.aborted).toBe(true);
    // From here on nothing grows old, however long this process is not run.
    jest.spyOn(performance, 'now').mockReturnValue(performance.now());
    await thing.answer(1);
    expect((await probe.read()).status).toBe('degraded');
    await thing.answer(0);
    probe.refresh();
    expect(thing.calls).toHaveLength(3);
  });
});
