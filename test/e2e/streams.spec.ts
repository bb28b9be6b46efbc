import { randomUUID } from 'node:crypto';
import { decodePosition, encodePosition } from '@app/kernel';
import type { Told } from './support/inbox.js';
import { fresh, type Service, startService } from './support/service.js';
import { publish, publishAll, settle, startTwin, type Twin } from './support/streaming.js';
import { WebSocketClient } from './support/web-socket-client.js';

const UUID = expect.stringMatching(/^[\da-f-]{36}$/) as string;
const TEXT = expect.any(String) as string;

describe('streams over WebSocket', () => {
  let service: Service;
  let client: WebSocketClient;
  beforeAll(async () => {
    service = await startService({ RATE_LIMIT_PER_MINUTE: '0' });
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    client = await WebSocketClient.open(service.url, { token: service.token('service') });
  });
  const twins: Twin[] = [];
  afterEach(async () => {
    await client.hangUp();
    for (const twin of twins.splice(0)) await twin.stop();
  });
  /** Another instance: nobody subscribed there before, so that it has nothing of the past in memory. */
  const newTwin = async (): Promise<Twin> => {
    const twin = await startTwin(service);
    twins.push(twin);
    return twin;
  };

  const count = (aggregateId: string, n = 1, more: object = {}) => publish(service, { aggregateId, eventData: { n }, ...more });
  const versions = (told: readonly Told[]) => told.filter(({ messageType }) => messageType === 'STATE_CHANGED').map(({ version }) => version);
  const kinds = (told: readonly Told[]) => told.map(({ messageType }) => messageType);

  it('says all that a change is, under the cursor that the write was given', async () => {
    const { id } = fresh();
    const [subscribed, live] = await client.subscribe(`player/${id.toUpperCase()}`, { id: 7 });
    const channel = `player/${id}`;
    expect(subscribed).toEqual({ messageType: 'SUBSCRIBED', id: 7, channel, cursor: TEXT, epoch: UUID, recovered: true });
    expect(live).toEqual({ messageType: 'LIVE', channel, cursor: subscribed!.cursor });
    const { eventId, cursor } = await count(id, 5, { serverId: 'eu-1', eventType: 'Odd/Type' });
    expect(await client.next()).toEqual({
      messageType: 'STATE_CHANGED', channel, cursor, timestamp: TEXT, eventId, eventType: 'Odd/Type', aggregateType: 'player',
      aggregateId: id, version: 1, changes: { n: 5 }, serverId: 'eu-1',
    });
    const second = await count(id, 6);
    const told = await client.next();
    expect(told).toMatchObject({ eventId: second.eventId, version: 2, changes: { n: 6 } });
    expect(told).not.toHaveProperty('serverId');
    expect(told).not.toHaveProperty('deleted');
    expect(await settle(service, client)).toEqual([]);
  });

  it('shows an increment by its result', async () => {
    const { id } = fresh();
    await client.subscribe(`player/${id}`);
    for (const gold of [5, 7]) await publish(service, { aggregateId: id, eventType: 'CurrencyEarned', eventData: { gold: { $inc: gold } } });
    expect((await client.take(2)).map(({ changes }) => changes)).toEqual([{ gold: 5 }, { gold: 12 }]);
  });

  it('begins with the state, if asked; with null for what never was', async () => {
    const { id, state } = fresh();
    expect((await client.subscribe(`player/${id}`, { snapshot: true }))[1]).toMatchObject({ messageType: 'SNAPSHOT', state: null });
    await count(id, 1);
    await client.next();
    await count(id, 2);
    await client.next();
    const other = await WebSocketClient.open(service.url, { token: service.token('viewer') });
    const [subscribed, snapshot, live] = await other.subscribe(`player/${id}`, { snapshot: true });
    expect(snapshot).toEqual({
      messageType: 'SNAPSHOT', channel: `player/${id}`, cursor: subscribed!.cursor, state: (await service.ask('GET', state)).body,
    });
    expect(live).toMatchObject({ messageType: 'LIVE' });
    await count(id, 3);
    expect(await other.next()).toMatchObject({ version: 3 });
    await other.hangUp();
  });

  it('goes on from a cursor: what was missed, in order, LIVE, then what is new', async () => {
    const { id } = fresh();
    await count(id, 1);
    const { cursor } = await count(id, 2);
    const missed = [await count(id, 3), await count(id, 4)];
    await settle(service, client); // this instance has read it all
    const told = await client.subscribe(`player/${id}`, { from: cursor });
    expect(kinds(told)).toEqual(['SUBSCRIBED', 'STATE_CHANGED', 'STATE_CHANGED', 'LIVE']);
    expect(told[0]).toMatchObject({ cursor, recovered: true });
    expect(told.slice(1, 3).map((each) => each.eventId)).toEqual(missed.map(({ eventId }) => eventId));
    await count(id, 5);
    expect(await client.next()).toMatchObject({ version: 5 });
  });

  it.each(['the memory of this instance', 'the log'])('gives the state at the cursor and what came after it, from %s', async (where) => {
    const { id } = fresh();
    const at = await count(id, 1);
    await count(id, 2);
    await count(id, 3);
    await settle(service, client); // this instance has read it all
    const twin = where === 'the log' ? await newTwin() : undefined;
    const other = await WebSocketClient.open(twin?.url ?? service.url, { token: service.token('service') });
    const told = await other.subscribe(`player/${id}`, { from: at.cursor, epoch: decodePosition(at.cursor)!.epoch, snapshot: true });
    expect(kinds(told)).toEqual(['SUBSCRIBED', 'SNAPSHOT', 'STATE_CHANGED', 'STATE_CHANGED', 'LIVE']);
    expect(told[0]).toMatchObject({ recovered: true, cursor: at.cursor });
    expect(told[1]).toMatchObject({ cursor: at.cursor, state: { version: 1, data: { n: 1 } } });
    expect(versions(told)).toEqual([2, 3]);
    await other.hangUp();
  });

  it.each(['from', 'epoch'])('begins with the state where %s is of another log', async (which) => {
    const { id } = fresh();
    const { cursor } = await count(id, 1);
    await count(id, 2);
    const epoch = randomUUID();
    const told = await client.subscribe(`player/${id}`, which === 'epoch' ? { from: cursor, epoch } : {
      from: encodePosition({ ...decodePosition(cursor)!, epoch }),
    });
    expect(kinds(told)).toEqual(['SUBSCRIBED', 'SNAPSHOT', 'LIVE']);
    expect(told[0]).toMatchObject({ recovered: false, epoch: decodePosition(cursor)!.epoch });
    expect(told[1]).toMatchObject({ state: { version: 2 } });
  });

  it('says so, with the state, where more was missed than is looked at; a wide channel has the changes still', async () => {
    const { id } = fresh('combat');
    const event = { aggregateType: 'combat', aggregateId: id };
    const { cursor } = await publish(service, event);
    for (let left = 2_100; left > 0; left -= 420) await publishAll(service, Array.from({ length: 420 }, () => event));
    const twin = await newTwin();
    const other = await WebSocketClient.open(twin.url, { token: service.token('service') });
    const told = await other.subscribe(`combat/${id}`, { from: cursor });
    expect(kinds(told)).toEqual(['SUBSCRIBED', 'SNAPSHOT', 'LIVE']);
    expect(told[0]).toMatchObject({ recovered: false });
    expect(told[1]).toMatchObject({ state: { version: 2_101 } });
    const wide = await other.subscribe('combat/*', { from: cursor });
    expect(wide[0]).toMatchObject({ recovered: true });
    expect(versions(wide)).toEqual(Array.from({ length: 2_100 }, (_, i) => i + 2));
    await other.hangUp();
  });

  it.each([
    ['a future one', (cursor: string) => encodePosition({ ...decodePosition(cursor)!, position: decodePosition(cursor)!.position + 1_000_000 })],
    ['no cursor at all', () => 'nonsense'], ['nothing', () => ''], ['a negative one', (cursor: string) => Buffer.from(
      `${decodePosition(cursor)!.epoch}:0:-1`).toString('base64url')],
  ])('refuses to go on from %s, and the connection can be used still', async (_name, from) => {
    const { id } = fresh();
    const { cursor } = await count(id);
    expect(await client.subscribe(`player/${id}`, { id: 'x', from: from(cursor) })).toEqual([
      { messageType: 'ERROR', id: 'x', channel: `player/${id}`, error: 'VALIDATION_ERROR', code: '400', message: TEXT, details: { field: 'from' } },
    ]);
    expect(kinds(await client.subscribe(`player/${id}`, { from: cursor }))).toEqual(['SUBSCRIBED', 'LIVE']);
  });

  it('tells of a deletion, of the revival after it, and gives null as the state between', async () => {
    const { id, state } = fresh();
    const { cursor } = await count(id);
    await client.subscribe(`player/${id}`, { from: cursor });
    await service.ask('DELETE', state);
    expect(await client.next()).toMatchObject({ eventType: 'StateDeleted', version: 2, deleted: true });
    const other = await WebSocketClient.open(service.url, { token: service.token('viewer') });
    expect((await other.subscribe(`player/${id}`, { snapshot: true }))[1]).toMatchObject({ messageType: 'SNAPSHOT', state: null });
    await other.hangUp();
    await count(id, 9);
    const revived = await client.next();
    expect(revived).toMatchObject({ version: 3, changes: { n: 9 } });
    expect(revived).not.toHaveProperty('deleted');
  });

  it('carries each event on the channels that it fits, and on no other', async () => {
    const [serverId, sessionId] = [`eu/${randomUUID()}`, randomUUID()];
    const channels = [`world/*`, `server/${serverId}`, `world/server/${serverId}`, `world/session/${sessionId}`];
    for (const channel of [...channels, 'guild/*', `combat/server/${serverId}`, `combat/session/${sessionId}`, 'server/eu']) {
      await client.subscribe(channel);
    }
    const { eventId } = await publish(service, { aggregateType: 'world', serverId, sessionId });
    const told = await client.take(channels.length);
    expect(new Set(told.map(({ channel }) => channel))).toEqual(new Set(channels));
    expect(new Set(told.map((each) => each.eventId))).toEqual(new Set([eventId]));
    await publish(service, { aggregateType: 'economy', serverId });
    expect(await client.next()).toMatchObject({ channel: `server/${serverId}`, aggregateType: 'economy' });
    expect(await settle(service, client)).toEqual([]);
  });

  it('sends only what fits the filter', async () => {
    const { id } = fresh();
    await client.subscribe(`player/${id}`, { filter: { eventTypes: ['Wanted'], paths: ['/bag', '/box/coins'] } });
    const event = (eventType: string, eventData: object) => publish(service, { aggregateId: id, eventType, eventData });
    await event('Wanted', { other: 1 });
    await event('Unwanted', { bag: { a: 1 } });
    await event('Wanted', { bags: 1 });
    await event('Wanted', { bag: { a: 2 } }); // below
    await event('Wanted', { box: { coins: 2 } }); // at
    const { cursor } = await event('Wanted', { box: 3 }); // above
    expect(versions(await client.take(3))).toEqual([4, 5, 6]);
    expect(await settle(service, client)).toEqual([]);
    // The filter holds for what was missed too.
    await event('Unwanted', { bag: 1 });
    const { eventId } = await event('Wanted', { bag: 1 });
    await client.next();
    const other = await WebSocketClient.open(service.url, { token: service.token('service') });
    const told = await other.subscribe(`player/${id}`, { from: cursor, filter: { eventTypes: ['Wanted'] } });
    expect(told.map((each) => each.eventId)).toEqual([undefined, eventId, undefined]);
    await other.hangUp();
  });

  it('ends a subscription on demand, and refuses one that is there already', async () => {
    const { id } = fresh();
    await client.subscribe(`player/${id}`);
    expect(await client.subscribe(`player/${id.toUpperCase()}`, { id: 1 })).toMatchObject([{ messageType: 'ERROR', id: 1, error: 'VALIDATION_ERROR' }]);
    await count(id);
    expect(await client.next()).toMatchObject({ version: 1 });
    client.say({ action: 'unsubscribe', id: 2, channel: `player/${id.toUpperCase()}` });
    expect(await client.next()).toEqual({ messageType: 'UNSUBSCRIBED', id: 2, channel: `player/${id}` });
    await count(id);
    expect(await settle(service, client)).toEqual([]);
    await client.subscribe(`player/${id}`);
    await count(id);
    expect(await client.next()).toMatchObject({ version: 3 });
    client.say({ action: 'unsubscribe', channel: 'player/nobody' });
    expect(await client.next()).toEqual({ messageType: 'UNSUBSCRIBED', channel: 'player/nobody' });
  });

  it('says nothing of a channel after UNSUBSCRIBED, though it was still looking up the past', async () => {
    const { id } = fresh();
    const channel = `player/${id}`;
    const { cursor } = await count(id);
    await count(id);
    const twin = await newTwin();
    const other = await WebSocketClient.open(twin.url, { token: service.token('service') });
    for (const more of [{ from: cursor, snapshot: true }, { from: cursor }, { snapshot: true }, {}, { delivery: 'latest', from: cursor }]) {
      other.say({ action: 'subscribe', channel, ...more });
      other.say({ action: 'unsubscribe', channel });
      await other.until('UNSUBSCRIBED');
      await count(id);
      expect(await settle(service, other)).toEqual([]);
    }
    await other.hangUp();
  });

  it('a subscription that was given up and fails late leaves its successor alone', async () => {
    const { id } = fresh();
    const channel = `player/${id}`;
    const { cursor } = await count(id);
    await settle(service, client);
    const from = encodePosition({ ...decodePosition(cursor)!, position: decodePosition(cursor)!.position + 1_000_000 });
    const holder = await service.db.pool.connect();
    await holder.query('BEGIN; LOCK TABLE global_state.log_heads'); // nobody knows where the log stands before this ends
    try {
      for (const message of [{ action: 'subscribe', channel, from }, { action: 'unsubscribe', channel }, { action: 'subscribe', channel }]) client.say(message);
      expect(kinds(await client.until('LIVE'))).toEqual(['UNSUBSCRIBED', 'SUBSCRIBED', 'LIVE']);
    } finally {
      await holder.query('COMMIT');
      holder.release();
    }
    expect(await settle(service, client)).toEqual([]);
    client.say({ action: 'unsubscribe', channel });
    await client.until('UNSUBSCRIBED');
    await count(id);
    expect(await settle(service, client)).toEqual([]);
  });

  it('answers a ping, with an id of either kind or none', async () => {
    for (const id of ['a', 7, undefined]) {
      client.say({ action: 'ping', id });
      expect(await client.next()).toEqual({ messageType: 'PONG', ...(id !== undefined && { id }) });
    }
  });

  it('takes a channel of one aggregate only with a snapshot', async () => {
    for (const channel of ['player/*', 'server/eu', `world/session/${randomUUID()}`]) {
      expect(await client.subscribe(channel, { snapshot: true })).toMatchObject([{ error: 'VALIDATION_ERROR', details: { field: 'snapshot' } }]);
    }
  });

  it.each([
    ['player', () => randomUUID(), (id: string) => ({ aggregateId: id })],
    ['world', () => 'eu-1', (serverId: string) => ({ serverId })],
    ['economy', () => 'eu%201', () => ({ serverId: 'eu 1' })],
    ['combat', () => randomUUID(), (sessionId: string) => ({ sessionId })],
  ])('subscribes at once on /ws/%s/...', async (aggregateType, idOf, fieldsOf) => {
    const id = idOf();
    const named = await WebSocketClient.open(service.url, { path: `/ws/${aggregateType}/${id}`, token: service.token('service') });
    expect(kinds(await named.until('LIVE'))).toEqual(['SUBSCRIBED', 'LIVE']);
    const { eventId, cursor } = await publish(service, { aggregateType, ...fieldsOf(id) });
    expect(await named.next()).toMatchObject({ messageType: 'STATE_CHANGED', eventId });
    await named.hangUp();
    const again = await publish(service, { aggregateType, ...fieldsOf(id) });
    const back = await WebSocketClient.open(service.url, { path: `/ws/${aggregateType}/${id}?from=${cursor}`, token: service.token('service') });
    expect((await back.until('STATE_CHANGED')).at(-1)).toMatchObject({ eventId: again.eventId });
    await back.hangUp();
  });
});
