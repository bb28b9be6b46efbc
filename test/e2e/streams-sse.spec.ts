import { once } from 'node:events';
import { connect } from 'node:net';
import { eventually } from '@app/testing';
import { EventSourceClient } from './support/event-source-client.js';
import type { Told } from './support/inbox.js';
import { fresh, type Service, startService } from './support/service.js';
import { metric, publish } from './support/streaming.js';

describe('streams of Server-Sent Events', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ RATE_LIMIT_PER_MINUTE: '0' });
  });
  afterAll(() => service.stop());
  afterEach(() => eventually(async () => expect(await metric(service, 'stream_connections')).toBe(0)));

  const open = (query: string, headers: Record<string, string> = {}) =>
    EventSourceClient.open(service.url, query, { token: service.token('service'), headers });
  const count = (aggregateId: string, n = 1) => publish(service, { aggregateId, eventData: { n } });
  const kinds = (told: readonly Told[]) => told.map(({ messageType }) => messageType);
  const versions = (told: readonly Told[]) => told.flatMap(({ version }) => version ?? []);

  it('says the same as over WebSocket, with the cursor as the id', async () => {
    const { id } = fresh();
    const { cursor } = await count(id);
    const client = await open(`channel=player/${id}&snapshot=true&from=${cursor}`);
    expect(client.response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const told = await client.until('LIVE');
    expect(kinds(told)).toEqual(['SUBSCRIBED', 'SNAPSHOT', 'LIVE']);
    expect(told[1]).toMatchObject({ state: { version: 1 } });
    const second = await count(id, 2);
    expect(await client.next()).toMatchObject({ messageType: 'STATE_CHANGED', cursor: second.cursor, version: 2, changes: { n: 2 } });
    expect(client.ids).toEqual(client.all.map((each) => each.cursor));
    expect(client.lastEventId).toBe(second.cursor);
    await client.hangUp();
  });

  it('goes on from Last-Event-ID, which goes before from, without a gap and without telling twice', async () => {
    const { id } = fresh();
    let client = await open(`channel=player/${id}`);
    const first = await client.until('LIVE');
    const seen: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      await count(id);
      seen.push(...versions((await client.until('STATE_CHANGED')).slice(-1)));
      const lastEventId = client.lastEventId!;
      await client.hangUp();
      await count(id);
      client = await open(`channel=player/${id}&from=${first[0]!.cursor}`, { 'last-event-id': lastEventId });
      seen.push(...versions(await client.until('STATE_CHANGED')));
    }
    expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => i + 1));
    await client.hangUp();
  });

  it('gives the state in place of changes, if asked', async () => {
    const { id } = fresh();
    const client = await open(`channel=player/${id}&delivery=latest`);
    await client.until('LIVE');
    await count(id, 3);
    const told = await client.next();
    expect(told).toMatchObject({ messageType: 'STATE_CHANGED', version: 1, state: { version: 1, data: { n: 3 } } });
    expect(told).not.toHaveProperty('changes');
    await client.hangUp();
  });

  it('sends only what fits the filter', async () => {
    const { id } = fresh();
    const client = await open(`channel=player/${id}&eventTypes=Wanted&eventTypes=Rare&paths=/bag`);
    await client.until('LIVE');
    for (const [eventType, eventData] of [['Wanted', { n: 1 }], ['Other', { bag: 1 }], ['Rare', { bag: 2 }], ['Wanted', { bag: 3 }]] as const) {
      await publish(service, { aggregateId: id, eventType, eventData });
    }
    expect(versions(await client.take(2))).toEqual([3, 4]);
    await client.hangUp();
  });

  it('tells who is there, if asked', async () => {
    const client = await open(`channel=world/${fresh().id}&presence=true`);
    expect((await client.until('PRESENCE')).at(-1)).toMatchObject({ members: [expect.any(String)] });
    await client.hangUp();
  });

  it.each([
    ['no channel', '', 400], ['an unknown channel', 'channel=nonsense', 400], ['an unknown parameter', 'channel=player/*&x=1', 400],
    ['a delivery that there is not', 'channel=player/*&delivery=bogus', 400], ['a path that is none', 'channel=player/*&paths=gold', 400],
    ['no event type', 'channel=player/*&eventTypes=', 400],
    ['another player', `channel=player/${fresh().id}`, 403], ['all players', 'channel=player/*', 403],
  ])('refuses %s before the stream begins', async (_name, query, status) => {
    const token = service.token('player', { playerId: fresh().id });
    expect(await service.ask('GET', `/api/v1/stream?${query}`, { token })).toMatchObject({ status, body: { code: String(status) } });
  });

  it('refuses who has no token, and ends with a word on what is wrong with a cursor', async () => {
    expect(await service.ask('GET', '/api/v1/stream?channel=player/*', { token: null })).toMatchObject({ status: 401, body: { error: 'UNAUTHENTICATED' } });
    const client = await open('channel=player/*&from=nonsense');
    expect(await client.next()).toMatchObject({ messageType: 'ERROR', error: 'VALIDATION_ERROR' });
    expect(await client.closed).toMatchObject({ code: 1000 });
  });

  it('forgets those who hung up before the stream began', async () => {
    const { host, hostname, port } = new URL(service.url);
    for (let round = 0; round < 100; round += 1) {
      const { body: { ticket } } = await service.ask('POST', '/api/v1/stream/tickets');
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      await new Promise((resolve) => socket.write(
        `GET /api/v1/stream?channel=player/*&ticket=${String(ticket)} HTTP/1.1\r\nhost: ${host}\r\n\r\n`, resolve));
      socket.resetAndDestroy();
    }
    // All of their tickets are used: none is still to come.
    await eventually(async () => {
      const { rows } = await service.db.pool.query('SELECT count(*)::int AS tickets FROM global_state.stream_tickets');
      expect(rows).toEqual([{ tickets: 0 }]);
    });
  });
});
