import { randomUUID } from 'node:crypto';
import { fresh, type Service, startService } from './support/service.js';

describe('events over HTTP', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  const publish = (body: object, headers: Record<string, string> = {}): Promise<Awaited<ReturnType<Service['ask']>>> =>
    service.ask('POST', '/api/v1/events', { body, headers });

  const event = (aggregateId: string, more: object = {}): object => ({
    eventType: 'CurrencyEarned', aggregateType: 'player', aggregateId, eventData: { gold: { $inc: 5 } }, ...more,
  });

  it('appends an event, folds it and keeps all that came with it', async () => {
    const at = fresh();
    const ids = { correlationId: randomUUID(), causationId: randomUUID(), playerId: randomUUID(), sessionId: randomUUID() };
    const eventId = randomUUID();
    const answer = await publish(event(at.id, { eventId, ...ids, serverId: 'eu-1', metadata: { from: 'spec' } }));
    expect(answer).toMatchObject({ status: 201 });
    expect(answer.body).toEqual({
      eventId, eventVersion: 1, status: 'processed', timestamp: expect.any(String) as string,
    });
    expect(await service.ask('GET', at.state)).toMatchObject({ body: { version: 1, data: { gold: 5 } } });
    const history = await service.ask('GET', at.events);
    expect(history.body).toEqual({
      aggregateType: 'player', aggregateId: at.id, totalCount: 1, hasMore: false,
      events: [{
        eventId, eventType: 'CurrencyEarned', aggregateType: 'player', aggregateId: at.id, eventVersion: 1,
        eventData: { gold: { $inc: 5 } }, timestamp: answer.body['timestamp'], serverId: 'eu-1', metadata: { from: 'spec' }, ...ids,
      }],
    });
  });

  it('folds an unknown type by its stateChanges if given, else by its data', async () => {
    const at = fresh('world');
    const unknown = { eventType: 'Something.New', aggregateType: 'world', aggregateId: at.id };
    await publish({ ...unknown, eventData: { weather: 'rain' } });
    await publish({ ...unknown, eventData: { note: 'not state' }, stateChanges: { weather: 'snow' } });
    expect(await service.ask('GET', at.state)).toMatchObject({ body: { version: 2, data: { weather: 'snow' } } });
  });

  it('answers a repeated eventId with the first answer and refuses another body under it', async () => {
    const at = fresh();
    const eventId = randomUUID();
    const first = await publish(event(at.id, { eventId }));
    const again = await publish(event(at.id, { eventId }));
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await publish(event(at.id, { eventId, eventData: { gold: { $inc: 6 } } })))
      .toMatchObject({ status: 422, body: { error: 'EVENT_ID_REUSED' } });
    for (const other of [{ playerId: at.id }, { metadata: { a: 1 } }, { stateChanges: { gold: 5 } }, { eventType: 'Other' }]) {
      expect(await publish(event(at.id, { eventId, ...other }))).toMatchObject({ status: 422, body: { error: 'EVENT_ID_REUSED' } });
    }
    expect(await publish(event(at.id, { eventId, expectedVersion: 7 }))).toMatchObject({ status: 201, body: first.body });
    expect(await service.ask('GET', at.state)).toMatchObject({ body: { version: 1, data: { gold: 5 } } });
    expect(await publish(event(fresh().id, { eventId }))).toMatchObject({ status: 201 }); // unique per aggregate
  });

  it('honours an expected version', async () => {
    const at = fresh();
    expect(await publish(event(at.id, { expectedVersion: 1 }))).toMatchObject({ status: 404 });
    expect(await publish(event(at.id, { expectedVersion: 0 }))).toMatchObject({ status: 201 });
    expect(await publish(event(at.id, { expectedVersion: 0 }))).toMatchObject({
      status: 409, body: { details: { currentVersion: 1 } },
    });
    expect(await publish(event(at.id, { expectedVersion: 1 }))).toMatchObject({ status: 201 });
  });

  it('revives a deleted aggregate from nothing', async () => {
    const at = fresh();
    await publish(event(at.id));
    await service.ask('DELETE', at.state);
    expect(await publish(event(at.id))).toMatchObject({ status: 201, body: { eventVersion: 3 } });
    expect(await service.ask('GET', at.state)).toMatchObject({ body: { data: { gold: 5 } } });
  });

  it('keeps the trace: its id correlates, and the header is in the metadata', async () => {
    const at = fresh();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await publish(event(at.id), { traceparent });
    const { events } = (await service.ask('GET', at.events)).body as { events: object[] };
    expect(events[0]).toMatchObject({
      correlationId: '4bf92f35-77b3-4da6-a3ce-929d0e0e4736', metadata: { traceparent },
    });
  });

  it('pages a history by ranges and cursors', async () => {
    const at = fresh();
    await service.ask('POST', '/api/v1/events/batch', { body: { events: Array.from({ length: 25 }, () => event(at.id)) } });
    const versions: number[] = [];
    let next: string | undefined = `${at.events}?limit=10&fromVersion=2&toVersion=24`;
    while (next) {
      const page = await service.ask('GET', next);
      expect(page.body).toMatchObject({ totalCount: 23 });
      versions.push(...(page.body['events'] as { eventVersion: number }[]).map((each) => each.eventVersion));
      next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
      expect(page.body['hasMore']).toBe(next !== undefined);
    }
    expect(versions).toEqual(Array.from({ length: 23 }, (_, i) => i + 2));
    expect(await service.ask('GET', `${at.events}?fromVersion=30`)).toMatchObject({ status: 200, body: { events: [], totalCount: 0 } });
    expect(await service.ask('GET', `${at.events}?fromVersion=3&toVersion=2`)).toMatchObject({ status: 400 });
    expect(await service.ask('GET', `${at.events}?cursor=nonsense`)).toMatchObject({ status: 400 });
    expect(await service.ask('GET', fresh().events)).toMatchObject({ status: 404 });
  });

  it('answers a batch item by item, in order, and one bad item spoils no other', async () => {
    const at = fresh();
    const eventId = randomUUID();
    const answer = await service.ask('POST', '/api/v1/events/batch', {
      body: {
        events: [
          event(at.id, { eventId }), event(at.id, { surprise: true }), event(at.id, { eventData: { gold: { $inc: -100 } } }),
          event(at.id, { expectedVersion: 9 }), event(at.id, { eventId }), event(at.id), 'not even an object',
        ],
      },
    });
    expect(answer).toMatchObject({ status: 200, body: { accepted: 3, refused: 4 } });
    expect(answer.body['results']).toMatchObject([
      { index: 0, code: '201', eventVersion: 1 }, { index: 1, code: '400', error: 'VALIDATION_ERROR' },
      { index: 2, code: '422', error: 'RULE_VIOLATION' }, { index: 3, code: '409', error: 'VERSION_CONFLICT' },
      { index: 4, code: '201', eventVersion: 1 }, { index: 5, code: '201', eventVersion: 2 }, { index: 6, code: '400' },
    ]);
  });

  it('appends the events of one aggregate in a batch in their order', async () => {
    const at = fresh('combat');
    const events = Array.from({ length: 500 }, (_, i) => ({
      eventType: 'TurnStarted', aggregateType: 'combat', aggregateId: at.id, eventData: { turn: i }, eventId: randomUUID(),
    }));
    const answer = await service.ask('POST', '/api/v1/events/batch', { body: { events } });
    expect((answer.body['results'] as { eventVersion: number }[]).map((result) => result.eventVersion))
      .toEqual(events.map((_, i) => i + 1));
    expect(await service.ask('POST', '/api/v1/events/batch', { body: { events: [...events, events[0]] } }))
      .toMatchObject({ status: 400 });
    expect(await service.ask('POST', '/api/v1/events/batch', { body: { events: [] } })).toMatchObject({ status: 400 });
  });

  it('repeats a batch under its Idempotency-Key without appending twice', async () => {
    const at = fresh();
    const ask = (): ReturnType<Service['ask']> => service.ask('POST', '/api/v1/events/batch', {
      body: { events: [event(at.id), event(at.id)] }, headers: { 'idempotency-key': at.id },
    });
    const first = await ask();
    expect((await ask()).body).toEqual(first.body);
    expect(await service.ask('GET', at.state)).toMatchObject({ body: { version: 2, data: { gold: 10 } } });
  });
});
