import { eventually } from '@app/testing';
import type { Told } from './support/inbox.js';
import { fresh, type Service, startService } from './support/service.js';
import { metric, publish, publishAll } from './support/streaming.js';
import { WebSocketClient } from './support/web-socket-client.js';

const BIG = 8_000;
/** So many changes at once are little enough to wait for one who is at the ones before, or far too many. */
const [FEW, MANY] = [12, 200];
/** What may wait for one client, and the one parcel that goes beyond it, of as much or one change more. */
const MAX_QUEUED = 2 * 128 * 1024 + BIG + 1_000;

describe('clients that do not keep up', () => {
  let service: Service;
  let most = 0;
  beforeAll(async () => {
    service = await startService({ RATE_LIMIT_PER_MINUTE: '0' });
  });
  afterAll(() => service.stop());
  afterEach(() => eventually(async () => expect(await metric(service, 'stream_connections')).toBe(0)));

  const dial = () => WebSocketClient.open(service.url, { token: service.token('service') });
  const versions = (told: readonly Told[]) => told.flatMap(({ messageType, version }) => (messageType === 'STATE_CHANGED' ? [version!] : []));

  /** Writes until it holds, more than any buffer between the two takes. */
  async function writeUntil(id: string, atOnce: number, holds: (version: number) => Promise<boolean>): Promise<number> {
    let version = 0;
    while (!await holds(version)) {
      await publishAll(service, Array.from({ length: atOnce }, () => ({ aggregateId: id, eventData: { text: 'x'.repeat(BIG) } })));
      version += atOnce;
      most = Math.max(most, await metric(service, 'stream_queued_bytes'));
    }
    return version;
  }

  /** A client that does not read, and for which something waits that its socket does not take. */
  async function stuck(): Promise<WebSocketClient> {
    for (;;) {
      const { id } = fresh();
      const client = await dial();
      await client.subscribe(`player/${id}`);
      client.socket.pause();
      const [queued, resyncs] = [await metric(service, 'stream_queued_bytes'), await metric(service, 'stream_resyncs_total')];
      await writeUntil(id, MANY, async () => await metric(service, 'stream_resyncs_total') > resyncs);
      if (await metric(service, 'stream_queued_bytes') > queued) return client;
      client.socket.terminate();
    }
  }

  it('lossless: what waits is bounded; it is told where to resume, and there nothing is missing', async () => {
    const { id } = fresh();
    const [slow, quick] = [await dial(), await dial()];
    await slow.subscribe(`player/${id}`);
    await quick.subscribe(`player/${id}`);
    slow.socket.pause();
    const resyncs = await metric(service, 'stream_resyncs_total');
    const written = await writeUntil(id, FEW, async (version) => {
      await eventually(() => expect(versions(quick.all)).toHaveLength(version)); // else it is cut as well, or in place of the other
      return await metric(service, 'stream_resyncs_total') > resyncs;
    });
    expect(most).toBeLessThanOrEqual(MAX_QUEUED);
    slow.socket.resume();
    const told = await slow.until('RESYNC_REQUIRED');
    const before = versions(told);
    expect(before).toEqual(Array.from({ length: before.length }, (_, i) => i + 1));
    await publish(service, { aggregateId: id });
    // The same connection takes it up again.
    slow.say({ action: 'subscribe', channel: `player/${id}`, from: told.at(-1)!.cursor });
    const after: number[] = [];
    while (after.at(-1) !== written + 1) after.push(...versions([await slow.next()]));
    expect(after).toEqual(Array.from({ length: written + 1 - before.length }, (_, i) => before.length + i + 1));
    expect(versions(await quick.take(written + 1))).toEqual(Array.from({ length: written + 1 }, (_, i) => i + 1));
    await eventually(async () => expect(await metric(service, 'stream_queued_bytes')).toBe(0));
    await slow.hangUp();
    await quick.hangUp();
  });

  it('latest: states give way to newer ones, and the newest comes', async () => {
    const { id } = fresh();
    const slow = await dial();
    await slow.subscribe(`player/${id}`, { delivery: 'latest' });
    slow.socket.pause();
    const coalesced = await metric(service, 'stream_coalesced_total');
    let last = 0;
    while (await metric(service, 'stream_coalesced_total') < coalesced + 5) {
      last = (await publish(service, { aggregateId: id, eventData: { text: 'x'.repeat(200_000), n: last } })).eventVersion;
    }
    slow.socket.resume();
    await eventually(() => expect(slow.all.at(-1)).toMatchObject({ version: last, state: { version: last, data: { n: last - 1 } } }));
    const told = versions(slow.all);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.length).toBeLessThanOrEqual(last - 5);
    expect(slow.all.some(({ messageType }) => messageType === 'RESYNC_REQUIRED')).toBe(false);
    await slow.hangUp();
  });

  it('who does not read for long is closed with 4408, which it hears if it reads again soon, and is cut off if not', async () => {
    const tooSlow = () => metric(service, 'stream_closes_total{code="4408"}');
    let closed = await tooSlow() + 1;
    const never = await stuck();
    for (let code = 0; code !== 4408;) {
      const late = await stuck(); // the last that is closed
      closed += 1;
      await eventually(async () => expect(await tooSlow()).toBe(closed));
      late.socket.resume();
      ({ code } = await late.closed);
      expect([4408, 1006]).toContain(code); // on a busy machine the two seconds for its farewell may be over: then once more
    }
    await eventually(async () => expect(await metric(service, 'stream_connections')).toBe(0));
    expect(await metric(service, 'stream_queued_bytes')).toBe(0);
    never.socket.resume();
    expect(await never.closed).toMatchObject({ code: 1006 });
  });
});
