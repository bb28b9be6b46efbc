import { eventually } from '@app/testing';
import { WebSocket } from 'ws';
import { type Asked, type Reply, StreamServer } from '../../test/stream-server.js';
import { type Client, createClient, type JsonObject, type LiveEvent, type LiveState } from '../index.js';

const ID = '5f0c7f0e-7d0c-4a57-9a0e-2f6f2f6b7a01';
interface Player { readonly gold: number; readonly level?: number }

describe('live state', () => {
  let server: StreamServer;
  let client: Client;
  let live: LiveState<Player>;
  let events: LiveEvent<Player>[];
  beforeEach(async () => {
    server = await StreamServer.start();
    server.http = write;
    client = createClient({
      url: server.url, token: 'token', WebSocket, retries: 1, backoff: { minMs: 1, maxMs: 2 },
      live: { reconnect: { minMs: 1, maxMs: 10 } },
    });
    server.commit('player', ID, { gold: 100 });
    follow();
    await live.ready;
  });
  afterEach(async () => {
    client.close();
    await server.stop();
  });

  function follow(id = ID): void {
    events = [];
    live = client.live<Player>('player', id);
    live.onChange((event) => events.push(event));
  }

  /** What the service does with a write: commits, tells the channel and answers. */
  function write({ method, path, body }: Asked): Reply {
    const id = path.split('/').at(-1)!;
    const current = server.state(`player/${id}`)?.version ?? 0;
    const refusal = (status: number, error: string): Reply => ({ status, body: { error, code: String(status), message: error, timestamp: '' } });
    if (method === 'PUT' && body['expectedVersion'] !== current) return refusal(409, 'VERSION_CONFLICT');
    if (method === 'PATCH' && current === 0) return refusal(404, 'STATE_NOT_FOUND');
    const changes = (method === 'PUT' ? body['changes'] : body) as JsonObject;
    const { version } = server.commit('player', id, changes);
    return { status: 200, body: { aggregateType: 'player', aggregateId: id, newVersion: version } };
  }
  const types = (): string[] => events.map(({ type }) => type);
  const shown = (): (number | undefined)[] => events.map(({ view }) => view.data?.gold);

  it('follows what others write', async () => {
    expect(live.view).toEqual({ data: { gold: 100 }, version: 1, pending: 0 });
    server.commit('player', ID, { level: 2 });
    await eventually(() => expect(live.view).toEqual({ data: { gold: 100, level: 2 }, version: 2, pending: 0 }));
    server.commit('player', ID, {}, { deleted: true });
    await eventually(() => expect(live.view).toEqual({ data: null, version: 3, pending: 0 }));
    server.commit('player', ID, { gold: 1 });
    await eventually(() => expect(live.view.data).toEqual({ gold: 1 }));
  });

  it('shows an own change at once and confirms it when its version arrives', async () => {
    const applied = live.apply({ gold: { $inc: 25 }, level: 3 });
    expect(live.view).toEqual({ data: { gold: 125, level: 3 }, version: 1, pending: 1 });
    expect(await applied).toMatchObject({ newVersion: 2 });
    await eventually(() => expect(live.view).toEqual({ data: { gold: 125, level: 3 }, version: 2, pending: 0 }));
    expect(types()).toEqual(['snapshot', 'applied', 'changed', 'confirmed']);
  });

  it('never shows an increment twice, whichever of the answer and the feed comes first', async () => {
    let answerLate = true;
    server.http = async (asked) => {
      const reply = write(asked); // the feed has it now
      if (answerLate) await new Promise((resolve) => setTimeout(resolve, 30));
      return reply;
    };
    await live.apply({ gold: { $inc: 10 } });
    answerLate = false;
    await live.apply({ gold: { $inc: 10 } });
    await eventually(() => expect(live.view).toEqual({ data: { gold: 120 }, version: 3, pending: 0 }));
    expect(shown().filter((gold) => gold !== 100 && gold !== 110 && gold !== 120)).toEqual([]);
  });

  it('keeps up with others while own changes follow each other without a pause', async () => {
    for (let count = 0; count < 50; count += 1) {
      void live.apply({ gold: { $inc: 1 } });
      if (count % 10 === 0) server.commit('player', ID, { level: count });
    }
    expect(live.view.data?.gold).toBe(150);
    await eventually(() => expect(live.view).toEqual({ data: { gold: 150, level: 40 }, version: 56, pending: 0 }));
    expect(shown().every((gold, index, all) => index === 0 || gold! >= all[index - 1]!)).toBe(true);
  });

  it('shows what is older than the last answer while the next write is out', async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    server.http = async (asked) => {
      const reply = write(asked);
      if (asked.body['level'] === 3) await held;
      return reply;
    };
    const first = live.apply({ level: 2 });
    const second = live.apply({ level: 3 });
    for (let count = 0; count < 20; count += 1) server.commit('player', ID, { gold: count });
    const { newVersion } = await first;
    await eventually(() => expect(live.view.version).toBe(newVersion));
    expect(live.view.pending).toBe(1);
    letGo();
    await second;
    await eventually(() => expect(live.view).toEqual({ data: { gold: 19, level: 3 }, version: 23, pending: 0 }));
  });

  it('takes a change back that lost a conflict', async () => {
    server.commit('player', ID, { gold: 7 });
    const applied = live.apply({ gold: 999 }, { expectedVersion: 1 });
    expect(live.view.data).toEqual({ gold: 999 });
    await expect(applied).rejects.toMatchObject({ name: 'ApiError', status: 409, error: 'VERSION_CONFLICT' });
    await eventually(() => expect(live.view).toEqual({ data: { gold: 7 }, version: 2, pending: 0 }));
    expect(events.find(({ type }) => type === 'rolledBack')).toMatchObject({ changes: { gold: 999 }, error: { status: 409 } });
  });

  it('takes back only the change that was refused', async () => {
    server.http = (asked) => (asked.body['level'] === 0
      ? { status: 422, body: { error: 'RULE_VIOLATION', code: '422', message: 'level', timestamp: '' } } : write(asked));
    const applied = [live.apply({ gold: { $inc: 1 } }), live.apply({ level: 0 }), live.apply({ gold: { $inc: 2 } })];
    expect(live.view.data).toEqual({ gold: 103, level: 0 });
    expect((await Promise.allSettled(applied)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await eventually(() => expect(live.view).toEqual({ data: { gold: 103 }, version: 3, pending: 0 }));
  });

  it('takes a change back that got no answer; that it took effect the feed shows', async () => {
    let tries = 0;
    server.http = (asked) => {
      if ((tries += 1) === 1) write(asked);
      return undefined;
    };
    await expect(live.apply({ gold: { $inc: 5 } })).rejects.toMatchObject({ name: 'ConnectionError' });
    expect(tries).toBe(2);
    await eventually(() => expect(live.view).toEqual({ data: { gold: 105 }, version: 2, pending: 0 }));
    expect(types()).toEqual(['snapshot', 'applied', 'rolledBack', 'changed']);
  });

  it('creates what is not there', async () => {
    follow('new');
    await live.ready;
    expect(live.view).toEqual({ data: null, version: 0, pending: 0 });
    await Promise.all([live.apply({ gold: 1 }), live.apply({ gold: { $inc: 1 } })]);
    await eventually(() => expect(live.view).toEqual({ data: { gold: 2 }, version: 2, pending: 0 }));
  });

  it('knows that it exists by the answer, before the feed says so', async () => {
    follow('new');
    await live.ready;
    server.http = (asked) => {
      if (asked.method === 'PUT') server.cut();
      return write(asked);
    };
    await Promise.all([live.apply({ gold: 1 }), live.apply({ gold: { $inc: 1 } })]);
    await eventually(() => expect(live.view).toEqual({ data: { gold: 2 }, version: 2, pending: 0 }));
  });

  it('starts again from the state when a version is missing', async () => {
    server.commit('player', ID, { gold: 1 });
    await eventually(() => expect(live.view.version).toBe(2));
    server.tell({
      messageType: 'STATE_CHANGED', channel: `player/${ID}`, cursor: '9', timestamp: '', eventId: '', eventType: 'X',
      aggregateType: 'player', aggregateId: ID, version: 9, changes: { gold: 9 },
    });
    await eventually(() => expect(types()).toContain('reset'));
    expect(live.view).toEqual({ data: { gold: 1 }, version: 2, pending: 0 });
  });

  it('survives cuts, and history that is out of reach', async () => {
    server.cut();
    server.commit('player', ID, { gold: 3 });
    await eventually(() => expect(live.view.data?.gold).toBe(3));
    server.epoch = 'epoch-2';
    server.cut();
    server.commit('player', ID, { gold: 4 });
    await eventually(() => expect(live.view.data?.gold).toBe(4));
    expect(types()).toEqual(['snapshot', 'changed', 'reset']);
  });

  it('gives an iterator the newest view', async () => {
    const views = live[Symbol.asyncIterator]();
    expect((await views.next()).value).toMatchObject({ version: 1 });
    for (const gold of [1, 2, 3]) server.commit('player', ID, { gold });
    await eventually(() => expect(live.view.version).toBe(4));
    expect((await views.next()).value).toMatchObject({ data: { gold: 3 }, version: 4 });
    live.close();
    expect(await views.next()).toEqual({ value: undefined, done: true });
  });

  it('says so when it cannot go on', async () => {
    const views = live[Symbol.asyncIterator]();
    await views.next();
    server.cut(4403, 'not you');
    await expect(views.next()).rejects.toMatchObject({ error: 'FORBIDDEN' });
    expect(types().at(-1)).toBe('failed');
  });

  it('refuses changes when it was closed before its state came', async () => {
    server.mute = true;
    follow('never');
    const applied = live.apply({ gold: 1 });
    live.close();
    await expect(applied).rejects.toMatchObject({ name: 'ConnectionError' });
    expect(live.view.data).toBeNull();
  });
});
