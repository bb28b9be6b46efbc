import { randomUUID } from 'node:crypto';
import { QueryBus } from '@nestjs/cqrs';
import { eventually } from '@app/testing';
import type { FastifyInstance } from 'fastify';
import { request } from 'undici';
import { type Answer, type Ask, fresh, type Service, startService } from './support/service.js';

/**
 * The whole read contract through both ways: the hook that answers from memory before Nest, and Nest's pipeline. A position that
 * was reached long ago demands nothing of the answer, but sends the request the long way.
 */
describe('a state is read', () => {
  let service: Service;
  let at: ReturnType<typeof fresh>;
  let position: string;
  let queries: jest.SpyInstance;
  let usual: string;
  const logged: { level: string; text?: string; requestId?: unknown; durationMs?: unknown }[] = [];

  beforeAll(async () => {
    service = await startService({ RATE_LIMIT_PER_MINUTE: '100000' });
    usual = service.token('service');
    await get('/api/v1/state/player/x', {}); // verifies the usual token
    queries = jest.spyOn(service.app.get(QueryBus), 'execute');
    const { log } = service.app.getHttpAdapter().getInstance() as FastifyInstance;
    log.level = 'debug';
    for (const level of ['debug', 'warn', 'error'] as const) {
      jest.spyOn(log, level).mockImplementation((record: unknown, text?: string) => logged.push({ level, text, ...record as object }));
    }
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    at = fresh();
    const made = await service.ask('PUT', at.state, { body: { changes: { name: 'Ä ☃ 𝄞', level: 1 }, expectedVersion: 0 } });
    position = made.headers.get('x-position')!;
    await expectHot({});
  });

  /** Everything of an answer but what is of its own moment. */
  const told = ({ status, headers, text }: Answer): object => {
    const { date: _d, 'x-request-id': id, ratelimit, ...rest } = Object.fromEntries(headers);
    const body = text.replace(/"timestamp":"[^"]*"/, '"timestamp":""');
    return { status, body, headers: rest, hasId: id !== undefined, limited: ratelimit?.replace(/\d+/g, 'n') };
  };

  /** What was logged of an answered request, but what is of its own moment. */
  const loggedOf = ({ headers }: Answer): Promise<object> => eventually(() => {
    const records = logged.filter(({ requestId }) => requestId === headers.get('x-request-id'));
    expect(records).toHaveLength(1);
    const { requestId: _id, durationMs, ...rest } = records[0]!;
    return { ...rest, isTimed: typeof durationMs === 'number' };
  });

  /** Not by fetch, which adds `Cache-Control: no-cache` to a request with If-None-Match (Fetch standard, 4.6). */
  const get = async (path: string, { headers, token = usual }: Ask): Promise<Answer> => {
    const response = await request(`${service.url}${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } });
    const text = await response.body.text();
    const said = new Headers(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
    return { status: response.statusCode, headers: said, text, body: text === '' ? {} : JSON.parse(text) as Answer['body'] };
  };

  /** Answered without Nest: at once, or when a look at the log that overtook the commit, or came late, is over. */
  const expectHot = (headers: Ask['headers']): Promise<void> => eventually(async () => {
    const before = queries.mock.calls.length;
    await get(at.state, { headers });
    expect(queries.mock.calls.length).toBe(before);
  });

  /** Asks both ways, and expects one answer. */
  const both = async (path: string, ask: Ask = {}): Promise<Answer> => {
    const answer = await get(path, ask);
    const long = await get(path, { ...ask, headers: { ...ask.headers, 'x-min-position': position } });
    expect(told(answer)).toEqual(told(long));
    expect(await loggedOf(answer)).toEqual(await loggedOf(long));
    return answer;
  };

  it('from memory without asking Nest, byte for byte as by Nest', async () => {
    const answer = await both(at.state);
    await expectHot({});
    expect(answer).toMatchObject({ status: 200, body: { version: 1, data: { name: 'Ä ☃ 𝄞', level: 1 } } });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      etag: '"v1"', 'cache-control': 'private, no-cache', 'content-type': 'application/json; charset=utf-8',
      'ratelimit-policy': '"default";q=100000;w=60',
    });
    const asked = queries.mock.calls.length;
    await service.ask('GET', at.state, { headers: { 'x-min-position': position } });
    expect(queries.mock.calls.length).toBe(asked + 1); // the long way is the long way
  });

  it.each(['plain', 'caf\u00e9'])('byte for byte with %s text in it', async (name) => {
    await service.ask('PUT', at.state, { body: { changes: { name }, expectedVersion: 1 } });
    await expectHot({});
    const { text, headers } = await both(at.state);
    expect(text).toContain(`"name":"${name}"`);
    expect(Number(headers.get('content-length'))).toBe(Buffer.byteLength(text));
  });

  it.each([['"v1"', 304], ['W/"v1"', 304], ['"v0", "v1"', 304], ['*', 304], ['"v2"', 200], ['v1', 200]])(
    'with If-None-Match: %s', async (tag, status) => {
      const answer = await both(at.state, { headers: { 'if-none-match': tag } });
      await expectHot({ 'if-none-match': tag });
      expect([answer.status, answer.headers.get('etag')]).toEqual([status, '"v1"']);
    });

  it('by those who may', async () => {
    const own = service.token('player', { playerId: at.id });
    const other = service.token('player', { playerId: fresh().id });
    const guilds = service.token('service', { aggregateTypes: ['guild'] });
    for (const [token, status] of [[own, 200], [other, 403], [guilds, 403], ['x.y.z', 401]] as const) {
      await service.ask('GET', at.state, { token });
      expect((await both(at.state, { token })).status).toBe(status);
    }
  });

  it('by nobody whose token was revoked, at once', async () => {
    const token = service.token('viewer', { jti: at.id });
    expect((await both(at.state, { token })).status).toBe(200);
    await service.ask('POST', '/api/v1/tokens/revocations', { body: { tokenId: at.id }, token: service.token('admin') });
    expect((await both(at.state, { token })).status).toBe(401);
  });

  it('in its newest version, and not at all once it is deleted', async () => {
    await service.ask('PUT', at.state, { body: { changes: { level: 2 }, expectedVersion: 1 } });
    expect((await both(at.state)).body).toMatchObject({ version: 2 });
    await service.ask('DELETE', at.state);
    expect(await both(at.state)).toMatchObject({ status: 404, body: { details: { deletedAtVersion: 3 } } });
  });

  it.each([
    ['an aggregate that never was', () => fresh().state, 404], ['another spelling of the id', () => at.state.toUpperCase().replace(/.*PLAYER/, '/api/v1/state/player'), 200],
    ['a version', () => `${at.state}?version=1`, 200], ['a query that is not known', () => `${at.state}?x=1`, 400],
    ['an id that is none', () => '/api/v1/state/player/x', 400], ['a type that is none', () => at.state.replace('player', 'dragon'), 400],
    ['strong consistency', () => `${at.state}?consistency=strong`, 200], ['an empty query', () => `${at.state}?`, 200],
  ])('the same way for %s', async (_what, path, status) => {
    expect((await both(path())).status).toBe(status);
  });

  it('as a problem document where it is refused and the client wants one', async () => {
    const answer = await both(fresh().state, { headers: { accept: 'application/problem+json' } });
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  });

  it('within the limit of its subject, which both ways count and neither passes', async () => {
    const limited = await startService({ RATE_LIMIT_PER_MINUTE: '6' });
    try {
      // A new minute may begin between, and counting starts again: then once more, as somebody else.
      await eventually(async () => {
        const token = limited.token('service', { sub: randomUUID() });
        const { state } = fresh();
        const put = await limited.ask('PUT', state, { token, body: { changes: { a: 1 }, expectedVersion: 0 } });
        const long = { 'x-min-position': put.headers.get('x-position')! };
        const answers = [];
        for (let i = 0; i < 7; i += 1) answers.push(await limited.ask('GET', state, { token, headers: i % 2 ? long : {} }));
        const remaining = (answer: Answer): string => /r=(\d+)/.exec(answer.headers.get('ratelimit')!)![1]!;
        expect(answers.map((a) => `${a.status} ${remaining(a)}`)).toEqual(['200 4', '200 3', '200 2', '200 1', '200 0', '429 0', '429 0']);
      });
    } finally {
      await limited.stop();
    }
  });

  it('and logged with who asked for what, where in which trace', async () => {
    const headers = { 'x-correlation-id': at.id, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    await expectHot(headers);
    expect(await loggedOf(await both(at.state, { headers }))).toEqual({
      level: 'debug', text: 'request answered', method: 'GET', url: at.state, route: '/api/v1/state/:aggregateType/:aggregateId', status: 200,
      subject: 'spec', traceId: '0af7651916cd43dd8448eb211c80319c', correlationId: at.id, isTimed: true,
    });
  });

  it('and measured and counted by its route', async () => {
    const count = async (): Promise<number> => Number(/gss_http_request_duration_seconds_count\{[^}]*method="GET",route="\/api\/v1\/state\/:aggregateType\/:aggregateId",status="200"[^}]*\} (\d+)/
      .exec((await service.ask('GET', '/metrics')).text)?.[1] ?? 0);
    const before = await count();
    await both(at.state);
    expect(await count()).toBe(before + 2);
  });
});
