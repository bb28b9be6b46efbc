import { randomUUID } from 'node:crypto';
import { eventually } from '@app/testing';
import { fresh, type Service, startService } from './support/service.js';
import { publish, publishAll, settle } from './support/streaming.js';
import { WebSocketClient } from './support/web-socket-client.js';

describe('delivery of the latest state', () => {
  let service: Service;
  let client: WebSocketClient;
  beforeAll(async () => {
    service = await startService({ RATE_LIMIT_PER_MINUTE: '0' });
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    client = await WebSocketClient.open(service.url, { token: service.token('service') });
  });
  afterEach(() => client.hangUp());

  it('carries the state in place of what changed, as a read answers it, and null for a deletion', async () => {
    const { id, state } = fresh();
    await client.subscribe(`player/${id}`, { delivery: 'latest' });
    const { eventId, cursor } = await publish(service, { aggregateId: id, eventData: { n: 1, deep: { a: 'ä' } } });
    const told = await client.next();
    expect(told).toMatchObject({ messageType: 'STATE_CHANGED', channel: `player/${id}`, eventId, cursor, version: 1 });
    expect(told.state).toEqual((await service.ask('GET', state)).body);
    expect(told).not.toHaveProperty('changes');
    await service.ask('DELETE', state);
    expect(await client.next()).toMatchObject({ eventType: 'StateDeleted', version: 2, state: null, deleted: true });
  });

  it('tells of many changes at once by few states, of each aggregate the newest', async () => {
    const ids = Array.from({ length: 5 }, () => randomUUID());
    const serverId = randomUUID();
    await client.subscribe(`server/${serverId}`, { delivery: 'latest' });
    await publishAll(service, Array.from({ length: 500 }, (_, i) => ({ aggregateId: ids[i % 5]!, serverId, eventData: { n: i } })));
    const told = () => client.all.filter(({ messageType }) => messageType === 'STATE_CHANGED');
    await eventually(() => expect(new Map(told().map((each) => [each.aggregateId, each.version]))).toEqual(new Map(ids.map((id) => [id, 100]))));
    expect(told().length).toBeLessThan(500);
  });

  it('goes on from a cursor with one state of each aggregate that changed, then LIVE', async () => {
    const ids = [randomUUID(), randomUUID()];
    const sessionId = randomUUID();
    const { cursor } = await publish(service, { aggregateId: ids[0]!, sessionId });
    for (const id of [...ids, ...ids]) await publish(service, { aggregateId: id, sessionId });
    await settle(service, client);
    const told = await client.subscribe(`player/session/${sessionId}`, { from: cursor, delivery: 'latest' });
    expect(told.map(({ messageType, aggregateId, version }) => [messageType, aggregateId, version])).toEqual([
      ['SUBSCRIBED', undefined, undefined], ['STATE_CHANGED', ids[0], 3], ['STATE_CHANGED', ids[1], 2], ['LIVE', undefined, undefined],
    ]);
  });
});
