import { createHash } from 'node:crypto';
import { canonicalJson } from '@app/kernel';
import { fresh, type Service, startService } from './support/service.js';

const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };

describe('state over HTTP', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  const create = async (type = 'player', changes: object = { level: 1, gold: 10 }): Promise<ReturnType<typeof fresh>> => {
    const at = fresh(type);
    expect(await service.ask('PUT', at.state, { body: { changes, expectedVersion: 0 } })).toMatchObject({ status: 200 });
    return at;
  };

  it.each(['player', 'guild', 'world', 'economy', 'combat'])('creates, changes and reads a %s', async (type) => {
    const at = fresh(type);
    const created = await service.ask('PUT', at.state, { body: { changes: { a: { b: 1 }, c: [1, 2] }, expectedVersion: 0 } });
    expect(created.status).toBe(200);
    expect(created.headers.get('etag')).toBe('"v1"');
    expect(created.body).toEqual({
      aggregateType: type, aggregateId: at.id, newVersion: 1, appliedChanges: { a: { b: 1 }, c: [1, 2] },
      timestamp: expect.any(String) as string,
    });
    const changed = await service.ask('PUT', at.state, {
      body: { changes: { a: { b: { $inc: 4 }, d: 'x' }, c: null }, expectedVersion: 1 },
    });
    expect(changed.body).toMatchObject({ newVersion: 2, appliedChanges: { a: { b: 5, d: 'x' }, c: null } });

    const read = await service.ask('GET', at.state);
    expect(read.status).toBe(200);
    expect(read.headers.get('etag')).toBe('"v2"');
    const data = { a: { b: 5, d: 'x' } };
    expect(read.body).toEqual({
      aggregateType: type, aggregateId: at.id, version: 2, data, lastModified: changed.body['timestamp'],
      checksum: createHash('sha256').update(canonicalJson(data)).digest('hex'),
    });
  });

  it('takes ids in any case and answers in lower case', async () => {
    const at = await create();
    const read = await service.ask('GET', at.state.replace(at.id, at.id.toUpperCase()));
    expect(read).toMatchObject({ status: 200, body: { aggregateId: at.id } });
  });

  it('refuses an update of another version with 409 and of nothing with 404', async () => {
    const at = await create();
    for (const expectedVersion of [0, 2, 7]) {
      expect(await service.ask('PUT', at.state, { body: { changes: { level: 2 }, expectedVersion } })).toMatchObject({
        status: 409, body: { error: 'VERSION_CONFLICT', code: '409', details: { currentVersion: 1 } },
      });
    }
    expect(await service.ask('PUT', fresh().state, { body: { changes: { level: 2 }, expectedVersion: 1 } }))
      .toMatchObject({ status: 404, body: { error: 'STATE_NOT_FOUND' } });
    expect(await service.ask('GET', fresh().state)).toMatchObject({ status: 404, body: { error: 'STATE_NOT_FOUND' } });
  });

  it('honours If-Match: 412 on a miss, 400 where it disagrees with the body', async () => {
    const at = await create();
    const put = (match: string, expectedVersion: number): Promise<unknown> =>
      service.ask('PUT', at.state, { body: { changes: { level: 2 }, expectedVersion }, headers: { 'if-match': match } });
    expect(await put('"v3"', 3)).toMatchObject({
      status: 412, body: { error: 'PRECONDITION_FAILED', details: { currentVersion: 1 } },
    });
    expect(await put('"v1"', 2)).toMatchObject({ status: 400 });
    expect(await put('v1', 1)).toMatchObject({ status: 400 });
    expect(await put('W/"v1"', 1)).toMatchObject({ status: 412 });
    expect(await put('"v1"', 1)).toMatchObject({ status: 200 });
    expect(await put('*', 2)).toMatchObject({ status: 200 });
  });

  it('answers 304 to If-None-Match of the current version', async () => {
    const at = await create();
    for (const tag of ['"v1"', 'W/"v1"', '"other", "v1"', '*']) {
      const answer = await service.ask('GET', at.state, { headers: { 'if-none-match': tag } });
      expect(answer).toMatchObject({ status: 304, text: '' });
      expect(answer.headers.get('etag')).toBe('"v1"');
    }
    expect(await service.ask('GET', at.state, { headers: { 'if-none-match': '"v2"' } })).toMatchObject({ status: 200 });
  });

  it('reads any version, and the newest 100 events with it', async () => {
    const at = await create('player', { level: 1 });
    for (let i = 1; i <= 104; i += 1) {
      await service.ask('PATCH', at.state, { body: { level: { $inc: 1 } }, headers: MERGE_PATCH });
    }
    expect(await service.ask('GET', `${at.state}?version=3`)).toMatchObject({ status: 200, body: { version: 3, data: { level: 3 } } });
    expect(await service.ask('GET', `${at.state}?version=106`)).toMatchObject({
      status: 404, body: { details: { currentVersion: 105 } },
    });
    const full = await service.ask('GET', `${at.state}?includeEvents=true`);
    const events = full.body['events'] as { eventVersion: number; eventType: string }[];
    expect(events.map((event) => event.eventVersion)).toEqual(Array.from({ length: 100 }, (_, i) => i + 6));
    expect((await service.ask('GET', `${at.state}?includeEvents=false`)).body).not.toHaveProperty('events');
  });

  it('patches without a version, and only what is there', async () => {
    const at = await create();
    const patched = await service.ask('PATCH', at.state, { body: { gold: { $inc: -3 }, name: 'Ada' }, headers: MERGE_PATCH });
    expect(patched).toMatchObject({ status: 200, body: { newVersion: 2, appliedChanges: { gold: 7, name: 'Ada' } } });
    expect(await service.ask('PATCH', fresh().state, { body: { a: 1 }, headers: MERGE_PATCH })).toMatchObject({ status: 404 });
    expect(await service.ask('PATCH', at.state, { body: { a: 1 } })).toMatchObject({
      status: 415, body: { error: 'UNSUPPORTED_MEDIA_TYPE' },
    });
  });

  it('deletes, keeps the history, and revives with versions that go on', async () => {
    const at = await create();
    expect(await service.ask('DELETE', `${at.state}?expectedVersion=2`)).toMatchObject({ status: 409 });
    expect(await service.ask('DELETE', at.state, { headers: { 'if-match': '"v2"' } })).toMatchObject({ status: 412 });
    const json = { 'content-type': 'application/json' };
    expect(await service.ask('DELETE', at.state, { headers: json })).toMatchObject({ status: 204, text: '' });
    const gone = { status: 404, body: { error: 'STATE_NOT_FOUND', details: { deletedAtVersion: 2 } } };
    expect(await service.ask('GET', at.state)).toMatchObject(gone);
    expect(await service.ask('DELETE', at.state)).toMatchObject(gone);
    expect(await service.ask('PATCH', at.state, { body: { a: 1 }, headers: MERGE_PATCH })).toMatchObject(gone);
    expect(await service.ask('GET', `${at.state}?version=1`)).toMatchObject({ status: 200, body: { data: { level: 1, gold: 10 } } });
    expect(await service.ask('GET', at.events)).toMatchObject({ status: 200, body: { totalCount: 2 } });
    expect(await service.ask('PUT', at.state, { body: { changes: { a: 1 }, expectedVersion: 1 } })).toMatchObject({ status: 409 });
    expect(await service.ask('PUT', at.state, { body: { changes: { level: 9 }, expectedVersion: 0 } }))
      .toMatchObject({ status: 200, body: { newVersion: 3 } });
    expect(await service.ask('GET', at.state)).toMatchObject({ body: { version: 3, data: { level: 9 } } });
    await service.ask('DELETE', at.state);
    expect(await service.ask('PUT', at.state, { body: { changes: { level: 1 }, expectedVersion: 4 } }))
      .toMatchObject({ status: 200, body: { newVersion: 5 } });
  });

  it('answers a repeated Idempotency-Key with the first answer, also a delete, and refuses another body', async () => {
    const at = await create();
    const key = { 'idempotency-key': at.id };
    const patch = (body: object): Promise<{ body: unknown; headers: Headers }> =>
      service.ask('PATCH', at.state, { body, headers: { ...MERGE_PATCH, ...key } });
    const first = await patch({ gold: { $inc: 5 } });
    const again = await patch({ gold: { $inc: 5 } });
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await patch({ gold: { $inc: 6 } })).toMatchObject({ status: 422, body: { error: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(await service.ask('GET', at.state)).toMatchObject({ body: { version: 2, data: { gold: 15 } } });

    const gone = (): Promise<unknown> => service.ask('DELETE', at.state, { headers: key });
    expect(await gone()).toMatchObject({ status: 204 });
    expect(await gone()).toMatchObject({ status: 204 });
    expect(await service.ask('DELETE', at.state, { headers: { 'idempotency-key': 'other' } })).toMatchObject({ status: 404 });
  });

  it('refuses what cannot be applied or breaks a bound with 422, and changes nothing', async () => {
    const at = await create('player', { level: 1, gold: 1, name: 'Ada', big: Number.MAX_SAFE_INTEGER });
    const put = (changes: object): Promise<unknown> => service.ask('PUT', at.state, { body: { changes, expectedVersion: 1 } });
    expect(await put({ name: { $inc: 1 } })).toMatchObject({ status: 422, body: { error: 'INVALID_OPERATION' } });
    expect(await put({ big: { $inc: 1 } })).toMatchObject({ status: 422, body: { error: 'INVALID_OPERATION' } });
    expect(await put({ gold: { $inc: -2 } })).toMatchObject({
      status: 422, body: { error: 'RULE_VIOLATION', details: { path: '/gold', rule: 'min', value: -1 } },
    });
    expect(await put({ level: 0 })).toMatchObject({ status: 422, body: { error: 'RULE_VIOLATION' } });
    expect(await put({ gold: { $inc: 1, and: 2 } })).toMatchObject({ status: 400 });
    expect(await put({ gold: { $inc: 0.5 } })).toMatchObject({ status: 400 });
    expect(await service.ask('GET', at.state)).toMatchObject({ body: { version: 1 } });
  });

  it('counts every accepted update, also one that changes nothing', async () => {
    const at = await create();
    expect(await service.ask('PUT', at.state, { body: { changes: { level: 1 }, expectedVersion: 1 } }))
      .toMatchObject({ status: 200, body: { newVersion: 2 } });
  });

  it('lets one of 50 racers on a version win and tells the other 49', async () => {
    const at = await create();
    const statuses = (await Promise.all(Array.from({ length: 50 }, (_, i) =>
      service.ask('PUT', at.state, { body: { changes: { level: i + 2 }, expectedVersion: 1 } })))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(49);
  });

  it('loses none of 1,000 concurrent increments', async () => {
    const at = await create('player', { gold: 0 });
    // Where the machine is busy some are refused for that; what was refused was not done.
    const increment = async (): Promise<number> => {
      const { status } = await service.ask('PATCH', at.state, { body: { gold: { $inc: 1 } }, headers: MERGE_PATCH });
      return status === 503 ? increment() : status;
    };
    expect(new Set(await Promise.all(Array.from({ length: 1000 }, increment)))).toEqual(new Set([200]));
    expect(await service.ask('GET', at.state)).toMatchObject({ body: { version: 1001, data: { gold: 1000 } } });
  });

  it('answers problem documents to those who ask for them', async () => {
    const answer = await service.ask('GET', fresh().state, { headers: { accept: 'application/problem+json' } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ status: 404, title: 'STATE_NOT_FOUND', error: 'STATE_NOT_FOUND', code: '404' });
    expect(Object.keys(answer.body)).toEqual(expect.arrayContaining(['type', 'detail', 'message', 'timestamp']));
  });
});
