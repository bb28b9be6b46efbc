import { eventually } from '@app/testing';
import { WebSocket } from 'ws';
import { StreamServer } from '../../test/stream-server.js';
import { type Client, type ConnectionStatus, createClient, type ClientOptions, type Watch, type WatchMessage } from '../index.js';

const ID = '5f0c7f0e-7d0c-4a57-9a0e-2f6f2f6b7a01';
const CHANNEL = `player/${ID}` as const;

describe('watch', () => {
  let server: StreamServer;
  let client: Client;
  let statuses: ConnectionStatus[];
  beforeEach(async () => {
    server = await StreamServer.start();
    statuses = [];
    client = connect();
  });
  afterEach(async () => {
    client.close();
    await server.stop();
  });

  function connect(options: Partial<ClientOptions> = {}): Client {
    const { live, ...others } = options;
    return createClient({
      url: server.url, token: 'token', WebSocket, backoff: { minMs: 1, maxMs: 5 }, ...others,
      live: { reconnect: { minMs: 1, maxMs: 10 }, onStatus: (status) => void statuses.push(status), ...live },
    });
  }

  const reconnect = (options: Partial<ClientOptions>): void => {
    client.close();
    client = connect(options);
  };
  const nextOf = async (watch: Watch): Promise<WatchMessage> => {
    const { value, done } = await watch.next();
    if (done) throw new Error('the watch has ended');
    return value;
  };
  const take = async (watch: Watch, count: number): Promise<WatchMessage[]> => {
    const taken: WatchMessage[] = [];
    while (taken.length < count) taken.push(await nextOf(watch));
    return taken;
  };
  /** The versions of the next changes, whatever else comes between them. */
  const versions = async (watch: Watch, count: number): Promise<number[]> => {
    const taken: number[] = [];
    while (taken.length < count) {
      const message = await nextOf(watch);
      if (message.type === 'change') taken.push(message.version);
    }
    return taken;
  };
  const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const waits = (): (ConnectionStatus & { state: 'waiting' })[] => statuses.filter(({ state }) => state === 'waiting') as never;

  it('begins with the state and goes on with changes', async () => {
    server.commit('player', ID, { gold: 1 });
    const watch = client.watch(CHANNEL, { snapshot: true });
    expect(await take(watch, 2)).toMatchObject([{ type: 'snapshot', state: { version: 1, data: { gold: 1 } } }, { type: 'live' }]);
    server.commit('player', ID, { gold: 5 });
    expect(await take(watch, 1)).toMatchObject([{ type: 'change', version: 2, changes: { gold: 5 }, aggregateId: ID, cursor: '2' }]);
    expect(watch.position).toEqual({ cursor: '2', epoch: 'epoch-1' });
  });

  it('takes ids in any case, as the service does', async () => {
    const watch = client.watch(`player/${ID.toUpperCase()}`);
    await take(watch, 1);
    server.commit('player', ID, { gold: 1 });
    expect(await versions(watch, 1)).toEqual([1]);
  });

  it('does not take the place of LIVE for its own where states may come after it', async () => {
    server.commit('player', ID, { gold: 1 });
    const watch = client.watch(CHANNEL, { delivery: 'latest', position: { cursor: '1', epoch: 'epoch-1' } });
    await take(watch, 1);
    server.tell({ messageType: 'LIVE', channel: CHANNEL, cursor: '7' });
    await take(watch, 1);
    expect(watch.position?.cursor).toBe('1');
  });

  it('passes filter, delivery and presence on', async () => {
    const options = { filter: { eventTypes: ['A'], paths: ['/gold'] }, delivery: 'latest', presence: true } as const;
    const watch = client.watch(CHANNEL, options);
    await take(watch, 1);
    expect(server.subscribes).toMatchObject([{ channel: CHANNEL, ...options }]);
    server.tell({ messageType: 'PRESENCE', channel: CHANNEL, members: ['a'], joined: ['a'] });
    expect(await take(watch, 1)).toEqual([{ type: 'presence', channel: CHANNEL, members: ['a'], joined: ['a'] }]);
  });

  it('shares one connection, and closes it with the last watch', async () => {
    const first = client.watch(CHANNEL);
    const second = client.watch('player/*');
    await take(first, 1);
    await take(second, 1);
    expect(server.connections).toBe(1);
    await first.return();
    server.commit('player', ID, { gold: 1 });
    expect(await versions(second, 1)).toEqual([1]);
    await eventually(() => expect(server.received.at(-1)).toMatchObject({ action: 'unsubscribe', channel: CHANNEL }));
    await second.return();
    await eventually(() => expect(server.open).toBe(0));
    await take(client.watch(CHANNEL), 1);
    expect(server.connections).toBe(2);
  });

  it('takes a connection more for a channel that is watched twice', async () => {
    const watches = [client.watch(CHANNEL), client.watch(CHANNEL)];
    for (const watch of watches) await take(watch, 1);
    server.commit('player', ID, { gold: 1 });
    for (const watch of watches) expect(await versions(watch, 1)).toEqual([1]);
    expect(server.connections).toBe(2);
  });

  it('is without gap and repetition under random cuts, on a channel of one and on a channel of many', async () => {
    const ids = ['a', 'b', 'c'];
    const commits = 300;
    server.overlap = 7; // a server that repeats what was seen
    const one = client.watch('player/a');
    const many = client.watch('player/*');
    await take(one, 1);
    await take(many, 1);
    const made: string[] = [];
    const writing = (async () => {
      for (let index = 0; index < commits; index += 1) {
        const id = ids[Math.floor(Math.random() * ids.length)]!;
        made.push(`${id}${server.commit('player', id, { index }).version}`);
        if (Math.random() < 0.1) {
          await eventually(() => expect(server.open).toBeGreaterThan(0)); // else there is nothing to cut
          server.cut(Math.random() < 0.5 ? undefined : 4408);
        }
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
      }
    })();
    const seen: string[] = [];
    for await (const message of many) {
      if (message.type !== 'change') continue;
      seen.push(`${message.aggregateId}${message.version}`);
      if (seen.length === commits) break;
    }
    await writing;
    expect(seen).toEqual(made);
    const ofOne = made.filter((name) => name.startsWith('a')).length;
    expect(await versions(one, ofOne)).toEqual(upTo(ofOne));
    expect(server.connections).toBeGreaterThan(3);
  });

  it('drops what a resumption repeats', async () => {
    const watch = client.watch(CHANNEL);
    await take(watch, 1);
    for (const gold of upTo(5)) server.commit('player', ID, { gold });
    expect(await versions(watch, 5)).toEqual(upTo(5));
    server.overlap = 5;
    server.cut();
    server.commit('player', ID, { gold: 6 });
    expect(await versions(watch, 1)).toEqual([6]);
    expect(server.subscribes.at(-1)).toMatchObject({ from: '5', epoch: 'epoch-1' });
  });

  it('goes on from the place that it was told while nothing happened on its channel', async () => {
    const watch = client.watch('player/*');
    await take(watch, 1);
    for (const gold of upTo(3)) server.commit('guild', ID, { gold });
    server.tell({ messageType: 'CURSOR', channel: 'player/*', cursor: '3' });
    await eventually(() => expect(watch.position).toEqual({ cursor: '3', epoch: 'epoch-1' }));
    server.horizon = 2; // the place of LIVE is out of reach by now
    server.cut();
    expect(await take(watch, 1)).toMatchObject([{ type: 'live' }]);
    server.commit('player', ID, { gold: 1 });
    expect(await versions(watch, 1)).toEqual([1]);
    expect(server.subscribes.at(-1)).toMatchObject({ from: '3' });
  });

  it('does not move the place of a consumer past what it has not taken', async () => {
    const watch = client.watch('player/*');
    await take(watch, 1);
    server.commit('player', ID, { gold: 1 });
    server.tell({ messageType: 'CURSOR', channel: 'player/*', cursor: '7' });
    server.cut();
    await eventually(() => expect(server.subscribes.at(-1)).toMatchObject({ from: '7' }));
    expect(watch.position?.cursor).toBe('0');
    await take(watch, 1);
    expect(watch.position?.cursor).toBe('1');
  });

  it('goes on where an earlier watch stopped', async () => {
    for (const gold of upTo(3)) server.commit('player', ID, { gold });
    const watch = client.watch(CHANNEL, { position: { cursor: '1', epoch: 'epoch-1' }, snapshot: true });
    expect(await versions(watch, 2)).toEqual([2, 3]);
    expect(server.subscribes[0]).not.toHaveProperty('snapshot');
  });

  it('tells a consumer that history is out of reach', async () => {
    server.commit('player', ID, { gold: 1 });
    const one = client.watch(CHANNEL);
    const many = client.watch('player/*');
    await take(one, 1);
    await take(many, 1);
    server.epoch = 'epoch-2';
    server.cut();
    server.commit('player', ID, { gold: 2 });
    expect(await take(one, 2)).toMatchObject([{ type: 'reset', state: { version: 2, data: { gold: 2 } } }, { type: 'live' }]);
    expect(await take(many, 2)).toMatchObject([{ type: 'reset', state: null }, { type: 'live' }]);
    server.commit('player', ID, { gold: 3 });
    expect(await versions(one, 1)).toEqual([3]);
    expect(one.position).toEqual({ cursor: '3', epoch: 'epoch-2' });
  });

  it('takes versions again that were seen before a reset', async () => {
    const watch = client.watch('player/*');
    await take(watch, 1);
    for (const gold of upTo(3)) server.commit('player', ID, { gold });
    await versions(watch, 3);
    server.restore('epoch-2');
    expect(await take(watch, 2)).toMatchObject([{ type: 'reset' }, { type: 'live' }]);
    server.commit('player', ID, { gold: 1 });
    expect(await versions(watch, 1)).toEqual([1]);
  });

  it('holds no more than its buffer for a slow consumer, and loses nothing', async () => {
    const watch = client.watch(CHANNEL, { bufferSize: 10 });
    await take(watch, 1);
    for (const gold of upTo(20)) server.commit('player', ID, { gold });
    await eventually(() => expect(server.received.at(-1)).toMatchObject({ action: 'unsubscribe' }));
    const { sent } = server;
    for (const gold of upTo(500, 21)) server.commit('player', ID, { gold });
    expect(server.sent).toBe(sent); // the rest stays with the service
    expect(await versions(watch, 500)).toEqual(upTo(500));
    expect(server.subscribes.length).toBeGreaterThan(10);
  });

  it('subscribes again when the service cut its queue', async () => {
    const watch = client.watch(CHANNEL);
    await take(watch, 1);
    server.commit('player', ID, { gold: 1 });
    server.tell({ messageType: 'RESYNC_REQUIRED', channel: CHANNEL, cursor: '1' }, { ends: true });
    server.commit('player', ID, { gold: 2 });
    expect(await versions(watch, 2)).toEqual([1, 2]);
    expect(server.connections).toBe(1);
  });

  it('subscribes again when the queue was cut before anything of the subscription came through', async () => {
    server.commit('player', ID, { gold: 1 });
    const cuts = new Set(['player/*', CHANNEL]);
    server.cutsAtOnce = (channel) => cuts.delete(channel);
    const [many, one] = [client.watch('player/*'), client.watch(CHANNEL, { snapshot: true })];
    expect(await take(many, 1)).toMatchObject([{ type: 'live' }]);
    expect(await take(one, 2)).toMatchObject([{ type: 'snapshot', state: { version: 1 } }, { type: 'live' }]);
    server.commit('player', ID, { gold: 2 });
    expect([await versions(many, 1), await versions(one, 1)]).toEqual([[2], [2]]);
    expect(server.connections).toBe(1);
  });

  it('notices a connection that is dead', async () => {
    reconnect({ live: { pingMs: 20 } });
    await take(client.watch(CHANNEL), 1);
    await eventually(() => expect(server.received.filter(({ action }) => action === 'ping').length).toBeGreaterThan(2));
    expect(server.connections).toBe(1); // while it answers
    reconnect({ live: { pingMs: 20, pongMs: 100 } });
    const watch = client.watch(CHANNEL);
    await take(watch, 1);
    server.mute = true;
    statuses = []; // on a busy machine one that lives may be late as well
    await eventually(() => expect(waits()).toContainEqual(expect.objectContaining({ code: 1006, reason: 'does not answer' })));
    server.mute = false;
    server.cut(); // what was asked of it meanwhile it has not heard
    server.commit('player', ID, { gold: 1 });
    expect(await versions(watch, 1)).toEqual([1]);
  });

  it('comes back when a service that restarts said', async () => {
    const watch = client.watch(CHANNEL);
    await take(watch, 1);
    server.cut(1012, JSON.stringify({ retryAfterMs: 123 }));
    expect(await take(watch, 1)).toMatchObject([{ type: 'live' }]);
    expect(waits()).toMatchObject([{ code: 1012, retryInMs: 123 }]);
  });

  it('stays away for a while when there are too many', async () => {
    const watch = client.watch(CHANNEL);
    await take(watch, 1);
    server.cut(4429);
    expect(await take(watch, 1)).toMatchObject([{ type: 'live' }]);
    expect(waits()[0]!.retryInMs).toBeGreaterThanOrEqual(1000);
  });

  it('asks for another token when its token has expired', async () => {
    let given = 0;
    reconnect({ token: () => `token-${(given += 1)}` });
    const watch = client.watch(CHANNEL);
    await take(watch, 1);
    server.cut(); // not about the token
    await take(watch, 1);
    server.cut(4401, 'expired');
    await take(watch, 1);
    expect(server.tokens).toEqual(['token-1', 'token-1', 'token-2']);
  });

  it.each([[4401, 'UNAUTHENTICATED'], [4403, 'FORBIDDEN']])('fails on %i when there is no other token', async (code, error) => {
    const watch = client.watch(CHANNEL);
    await take(watch, 1);
    server.cut(code, 'not you');
    await expect(watch.next()).rejects.toMatchObject({ name: 'StreamError', error, code: String(code), message: 'not you' });
    expect(await watch.next()).toEqual({ value: undefined, done: true });
    expect(server.connections).toBe(1);
  });

  it('learns from the ticket desk why an upgrade was refused', async () => {
    server.validToken = 'right';
    await expect(client.watch(CHANNEL).next()).rejects.toMatchObject({ name: 'ApiError', status: 401 });
    const tokens = ['wrong', 'right'];
    reconnect({ token: () => tokens.shift()! });
    expect(await take(client.watch(CHANNEL), 1)).toMatchObject([{ type: 'live' }]);
  });

  it('comes with a ticket where that is asked for', async () => {
    reconnect({ live: { auth: 'ticket' }, token: 'bought' });
    await take(client.watch(CHANNEL), 1);
    expect(server.tokens).toEqual(['bought']);
  });

  it('waits for a service that is not there', async () => {
    reconnect({ url: 'http://127.0.0.1:2' }); // not a port that is free just now: it may be somebody else's soon
    const watch = client.watch(CHANNEL);
    await eventually(() => expect(waits().length).toBeGreaterThan(2));
    const ended = watch.next();
    client.close();
    expect(await ended).toEqual({ value: undefined, done: true });
    expect(waits()[0]).toMatchObject({ code: 1006 });
  });

  it('fails a watch that the service refuses, and no other', async () => {
    server.refuseSubscribe = ({ channel }) => (channel === CHANNEL ? { error: 'FORBIDDEN', code: '403', message: 'not yours' } : undefined);
    const other = client.watch('player/*');
    await expect(client.watch(CHANNEL).next()).rejects.toMatchObject({ name: 'StreamError', error: 'FORBIDDEN', code: '403' });
    expect(await take(other, 1)).toMatchObject([{ type: 'live' }]);
  });

  it('asks again for a subscription that was put off', async () => {
    let refusals = 0;
    server.refuseSubscribe = () => ((refusals += 1) === 1 ? { error: 'SERVICE_UNAVAILABLE', code: '503', message: 'later' } : undefined);
    expect(await take(client.watch(CHANNEL), 1)).toMatchObject([{ type: 'live' }]);
    expect(refusals).toBe(2);
  });

  it('fails all watches for an error that names none', async () => {
    const watch = client.watch(CHANNEL);
    await take(watch, 1);
    server.tell({ messageType: 'ERROR', error: 'INTERNAL_ERROR', code: '500', message: 'oh', channel: CHANNEL });
    await expect(watch.next()).rejects.toMatchObject({ error: 'INTERNAL_ERROR' });
  });

  it('ends by its signal, also one that was aborted before', async () => {
    const abort = new AbortController();
    const watch = client.watch(CHANNEL, { signal: abort.signal });
    await take(watch, 1);
    const next = watch.next();
    abort.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    await expect(client.watch(CHANNEL, { signal: abort.signal }).next()).rejects.toThrow('enough');
    await eventually(() => expect(server.open).toBe(0));
    expect(statuses.at(-1)).toEqual({ state: 'closed' });
  });

  it('hands out what came before an error', async () => {
    const watch = client.watch(CHANNEL);
    await take(watch, 1);
    server.commit('player', ID, { gold: 1 });
    server.cut(4403);
    await eventually(() => expect(statuses.at(-1)).toEqual({ state: 'closed' }));
    expect(await versions(watch, 1)).toEqual([1]);
    await expect(watch.next()).rejects.toMatchObject({ error: 'FORBIDDEN' });
  });
});
