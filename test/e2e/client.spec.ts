import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ApiError, type Client, createClient, type GameEvent, type Watch, type WatchMessage } from '@app/client';
import { eventually } from '@app/testing';
import { WebSocket } from 'ws';
import { buildClient, ROOT } from './support/client-build.js';
import { type Service, startService } from './support/service.js';

interface Player { readonly gold: number; readonly level?: number }

describe('the client and the service', () => {
  let service: Service;
  let client: Client;
  let id: string;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());
  beforeEach(() => {
    id = randomUUID();
    client = createClient({ url: service.url, token: service.token('service'), WebSocket, live: { reconnect: { minMs: 10, maxMs: 100 } } });
  });
  afterEach(() => client.close());

  const create = (gold = 100): Promise<unknown> => client.update('player', id, { gold }, { expectedVersion: 0 });
  async function take(watch: Watch, count: number): Promise<WatchMessage[]> {
    const taken: WatchMessage[] = [];
    while (taken.length < count) {
      const { value, done } = await watch.next();
      if (done) throw new Error('the watch has ended');
      taken.push(value);
    }
    return taken;
  }

  describe('over HTTP', () => {
    it('creates, patches, publishes, reads at a version and deletes', async () => {
      expect(await create()).toMatchObject({ newVersion: 1 });
      expect(await client.patch('player', id, { gold: { $inc: 5 } })).toMatchObject({ newVersion: 2, appliedChanges: { gold: 105 } });
      const event = { eventType: 'PlayerLevelUp', aggregateType: 'player', aggregateId: id, eventData: { level: 2 } } as const;
      expect(await client.publish(event)).toMatchObject({ eventVersion: 3, status: 'processed' });
      expect(await client.state<Player>('player', id)).toMatchObject({ version: 3, data: { gold: 105, level: 2 } });
      expect((await client.state<Player>('player', id, { version: 1 })).data).toEqual({ gold: 100 });
      await client.delete('player', id, { expectedVersion: 3 });
      await expect(client.state('player', id)).rejects.toMatchObject({ status: 404, error: 'STATE_NOT_FOUND' });
    });

    it('refuses with the word and the details of the error body', async () => {
      await create();
      const refusal = await client.update('player', id, { gold: 1 }, { expectedVersion: 7 }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(ApiError);
      expect(refusal).toMatchObject({ status: 409, error: 'VERSION_CONFLICT', details: { expectedVersion: 7, currentVersion: 1 } });
    });

    it('loses no update of many who read and write the same', async () => {
      await create(0);
      await Promise.all(Array.from({ length: 20 }, () =>
        client.updateWith<Player>('player', id, (state) => ({ gold: state!.data.gold + 1 }), { attempts: 100 })));
      expect((await client.state<Player>('player', id)).data.gold).toBe(20);
    });

    it('has one effect for one key', async () => {
      await create();
      for (let sent = 0; sent < 3; sent += 1) await client.patch('player', id, { gold: { $inc: 1 } }, { idempotencyKey: `quest-${id}` });
      expect((await client.state<Player>('player', id)).data.gold).toBe(101);
    });

    it('reads a history of several pages', async () => {
      await create();
      for (let count = 0; count < 6; count += 1) await client.patch('player', id, { gold: { $inc: 1 } });
      const events: GameEvent[] = [];
      for await (const event of client.events('player', id, { fromVersion: 2, pageSize: 2 })) events.push(event);
      expect(events.map(({ eventVersion }) => eventVersion)).toEqual([2, 3, 4, 5, 6, 7]);
    });

    it('tells health, and any other operation by its id', async () => {
      await eventually(async () => expect(await client.health()).toMatchObject({ status: 'healthy' }));
      expect(await client.request('getMetrics', {})).toContain('process_cpu');
    });
  });

  describe('on live channels', () => {
    it.each(['token', 'ticket'] as const)('watches with a %s: the state, changes as they commit, the deletion', async (auth) => {
      client = createClient({ url: service.url, token: service.token('service'), WebSocket, live: { auth } });
      await create();
      const watch = client.watch(`player/${id.toUpperCase()}`, { snapshot: true });
      expect(await take(watch, 2)).toMatchObject([{ type: 'snapshot', state: { version: 1, data: { gold: 100 } } }, { type: 'live' }]);
      await client.patch('player', id, { gold: { $inc: 1 } });
      await client.delete('player', id);
      expect(await take(watch, 2)).toMatchObject([
        { type: 'change', version: 2, changes: { gold: 101 }, eventType: 'StatePatched' }, { type: 'change', version: 3, deleted: true },
      ]);
    });

    it('goes on without a gap after its connection broke, and from a position of an earlier client', async () => {
      await create();
      const sockets: WebSocket[] = [];
      class Breakable extends WebSocket {
        constructor(url: string, protocols?: string[]) {
          super(url, protocols);
          sockets.push(this);
        }
      }
      const broken = createClient({
        url: service.url, token: service.token('service'), WebSocket: Breakable, live: { reconnect: { minMs: 10, maxMs: 50 } },
      });
      // Without the snapshot the creation may still be on its way to the channel, and come first.
      const watch = broken.watch(`player/${id}`, { snapshot: true });
      await take(watch, 1);
      const versions: number[] = [];
      const reading = (async () => {
        for await (const message of watch) {
          if (message.type === 'change') versions.push(message.version);
          if (versions.length === 40) return;
        }
      })();
      for (let count = 0; count < 40; count += 1) {
        await client.patch('player', id, { gold: { $inc: 1 } });
        if (count % 8 !== 3) continue;
        await eventually(() => expect(sockets.at(-1)!.readyState).toBe(WebSocket.OPEN)); // it has come back from the cut before
        sockets.at(-1)!.terminate();
      }
      await reading;
      expect(versions).toEqual(Array.from({ length: 40 }, (_, index) => index + 2));
      expect(sockets.length).toBeGreaterThan(3);
      await client.patch('player', id, { gold: 0 });
      const later = client.watch(`player/${id}`, { position: watch.position });
      expect((await take(later, 2)).map(({ type }) => type).toSorted()).toEqual(['change', 'live']);
    });

    it('is not held up by a consumer that is slow, and gives it everything', async () => {
      await create();
      // With the snapshot, as above.
      const watch = client.watch(`player/${id}`, { snapshot: true, bufferSize: 5 });
      await take(watch, 1);
      for (let count = 0; count < 30; count += 1) await client.patch('player', id, { gold: { $inc: 1 } });
      const versions: number[] = [];
      while (versions.length < 30) {
        const [message] = await take(watch, 1);
        if (message!.type === 'change') versions.push(message!.version);
      }
      expect(versions).toEqual(Array.from({ length: 30 }, (_, index) => index + 2));
    });

    it('fails for who may not read the channel, or has no valid token', async () => {
      const stranger = createClient({ url: service.url, token: service.token('player', { playerId: randomUUID() }), WebSocket });
      await expect(stranger.watch(`player/${id}`).next()).rejects.toMatchObject({ name: 'StreamError', code: '403', error: 'FORBIDDEN' });
      const nobody = createClient({ url: service.url, token: 'nonsense', WebSocket });
      await expect(nobody.watch(`player/${id}`).next()).rejects.toMatchObject({ name: 'ApiError', status: 401 });
    });

    it('tells who is on the channel', async () => {
      const [ann, bob] = ['ann', 'bob'].map((sub) => createClient({ url: service.url, token: service.token('service', { sub }), WebSocket }));
      const first = ann!.watch(`world/${id}`, { presence: true });
      const told: WatchMessage[] = [];
      const reading = (async () => {
        for await (const message of first) {
          if (message.type === 'presence') told.push(message);
          if (told.some((message) => message.type === 'presence' && message.left?.includes('bob'))) return;
        }
      })();
      await eventually(() => expect(told).toHaveLength(1));
      const second = bob!.watch(`world/${id}`, { presence: true });
      await take(second, 1);
      await eventually(() => expect(told).toContainEqual(expect.objectContaining({ joined: ['bob'] })));
      await second.return();
      await reading;
    });

    it('keeps a live state current and changes it optimistically', async () => {
      await create();
      const live = client.live<Player>('player', id);
      await live.ready;
      const other = createClient({ url: service.url, token: service.token('service') });
      await Promise.all([
        ...Array.from({ length: 10 }, () => live.apply({ gold: { $inc: 10 } })),
        ...Array.from({ length: 10 }, () => other.patch<Player>('player', id, { gold: { $inc: 1 } })),
      ]);
      await eventually(() => expect(live.view).toEqual({ data: { gold: 210 }, version: 21, pending: 0 }));
      await expect(live.apply({ gold: -5 }, { expectedVersion: 3 })).rejects.toMatchObject({ status: 409 });
      expect(live.view).toEqual({ data: { gold: 210 }, version: 21, pending: 0 });
    });
  });

  it('examples/node-quickstart.mjs does what its comments say', async () => {
    await buildClient();
    const env = { ...process.env, SERVICE_URL: service.url, TOKEN: service.token('service') };
    const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'examples/node-quickstart.mjs')], { env });
    expect(stdout.trim().split('\n')).toEqual([
      'state { gold: 25, level: 2 }',
      'refused VERSION_CONFLICT { expectedVersion: 1, currentVersion: 3 }',
      'watching from version 3',
      'change 4 PlayerLevelUp { level: 3 }',
      'event 1 StateUpdated', 'event 2 StatePatched', 'event 3 StateUpdated', 'event 4 PlayerLevelUp',
    ]);
  });
});
