import { type Asked, type Reply, StreamServer } from '../../test/stream-server.js';
import { type Client, createClient, type ClientOptions } from '../index.js';

const ID = '5f0c7f0e-7d0c-4a57-9a0e-2f6f2f6b7a01';

describe('REST client', () => {
  let server: StreamServer;
  let client: Client;
  let asked: Asked[];
  beforeEach(async () => {
    server = await StreamServer.start();
    client = connect();
    asked = [];
  });
  afterEach(() => server.stop());

  function connect(options: Partial<ClientOptions> = {}): Client {
    return createClient({ url: `${server.url}/`, token: 'token', backoff: { minMs: 1, maxMs: 1000 }, ...options });
  }
  /** Answers in turn; undefined breaks the connection. The last one stays. */
  const answer = (...replies: (Reply | undefined)[]): void => {
    server.http = (request) => {
      asked.push(request);
      return replies.length > 1 ? replies.shift() : replies[0];
    };
  };
  const error = (status: number, word: string, headers = {}): Reply =>
    ({ status, headers, body: { error: word, code: String(status), message: 'no', timestamp: '', details: { currentVersion: 3 } } });
  const state = (version: number): Reply =>
    ({ status: 200, body: { aggregateType: 'player', aggregateId: ID, version, data: { gold: version } } });
  const updated = (newVersion: number, position = 'p1'): Reply =>
    ({ status: 200, headers: { 'x-position': position }, body: { aggregateType: 'player', aggregateId: ID, newVersion } });
  const header = (name: string): unknown[] => asked.map(({ headers }) => headers[name]);

  it('turns the error body into an ApiError', async () => {
    answer(error(409, 'VERSION_CONFLICT'));
    await expect(client.update('player', ID, { gold: 1 }, { expectedVersion: 1 })).rejects.toMatchObject({
      name: 'ApiError', status: 409, error: 'VERSION_CONFLICT', message: 'no', details: { currentVersion: 3 }, retryAfter: undefined,
    });
    expect(asked).toHaveLength(1);
    answer({ status: 418, headers: { 'content-type': 'text/html' }, body: 'a page' });
    await expect(client.state('player', ID)).rejects.toMatchObject({ status: 418, error: 'UNEXPECTED_ANSWER' });
  });

  it('sends a write again under one key after a broken connection and after 503', async () => {
    answer(undefined, error(503, 'SERVICE_UNAVAILABLE', { 'retry-after': '0' }), updated(2));
    expect(await client.patch('player', ID, { gold: { $inc: 1 } })).toMatchObject({ newVersion: 2 });
    expect(asked.map(({ body }) => body)).toEqual(Array(3).fill({ gold: { $inc: 1 } }));
    expect(new Set(header('idempotency-key')).size).toBe(1);
    await client.patch('player', ID, {});
    expect(new Set(header('idempotency-key')).size).toBe(2);
    expect(header('content-type')[0]).toBe('application/merge-patch+json');
  });

  it('waits as long as Retry-After says, and not at all for what is too long', async () => {
    answer(error(429, 'RATE_LIMITED', { 'retry-after': '1' }), state(1));
    const began = performance.now();
    await client.state('player', ID);
    expect(performance.now() - began).toBeGreaterThan(990);
    answer(error(503, 'SERVICE_UNAVAILABLE', { 'retry-after': '60' }));
    await expect(client.state('player', ID)).rejects.toMatchObject({ status: 503, retryAfter: 60 });
    expect(asked).toHaveLength(3);
  });

  it('gives up after so many retries', async () => {
    client = connect({ retries: 2 });
    answer(undefined);
    await expect(client.state('player', ID)).rejects.toMatchObject({ name: 'ConnectionError' });
    expect(asked).toHaveLength(3);
  });

  it('never repeats a write that has no key', async () => {
    answer(undefined);
    await expect(client.request('revokeTokens', { body: { subject: 'a' } })).rejects.toMatchObject({ name: 'ConnectionError' });
    expect(asked).toHaveLength(1);
  });

  it('gives an attempt only so much time', async () => {
    client = connect({ timeoutMs: 30, retries: 1000 }); // on a busy machine 30 ms are over before an answer, too
    server.http = (request) => {
      asked.push(request);
      return asked.length === 1 ? new Promise<undefined>(() => undefined) : state(1);
    };
    expect(await client.state('player', ID)).toMatchObject({ version: 1 });
    expect(asked.length).toBeGreaterThan(1);
  });

  it('stops when its signal says so: in a request and between two', async () => {
    for (const reply of [() => new Promise<undefined>(() => undefined), () => error(503, 'SERVICE_UNAVAILABLE', { 'retry-after': '1' })]) {
      server.http = reply;
      const signal = AbortSignal.timeout(30);
      await expect(client.state('player', ID, { signal })).rejects.toMatchObject({ name: 'TimeoutError' });
    }
  });

  it('asks for another token once it is refused, once for all requests', async () => {
    let given = 0;
    client = connect({ token: async () => `token-${(given += 1)}` });
    server.http = (request) => {
      asked.push(request);
      return request.headers.authorization === 'Bearer token-1' ? error(401, 'UNAUTHENTICATED') : state(1);
    };
    await Promise.all([client.state('player', ID), client.state('player', ID), client.state('player', ID)]);
    expect(given).toBe(2);
    answer(error(401, 'UNAUTHENTICATED'));
    await expect(client.state('player', ID)).rejects.toMatchObject({ status: 401 });
    expect(given).toBe(3);
    await expect(connect().state('player', ID)).rejects.toMatchObject({ status: 401 });
  });

  it('asks again for a token that could not be had', async () => {
    let calls = 0;
    client = connect({ token: () => ((calls += 1) === 1 ? Promise.reject(new Error('no network')) : 'token') });
    answer(state(1));
    await expect(client.state('player', ID)).rejects.toThrow('no network');
    expect(await client.state('player', ID)).toMatchObject({ version: 1 });
  });

  it('reads what it wrote: of that aggregate, the newest write, unless told not to', async () => {
    answer(updated(3, 'newer'), updated(2, 'older'), state(3));
    await client.patch('player', ID, {});
    await client.patch('player', ID, {}); // its answer was overtaken
    await client.state('player', ID.toUpperCase());
    await client.state('player', ID, { readYourWrites: false });
    await client.state('guild', ID);
    expect(header('x-min-position').slice(2)).toEqual(['newer', undefined, undefined]);
    client = connect({ readYourWrites: false });
    answer(updated(1), state(1));
    await client.patch('player', ID, {});
    await client.state('player', ID);
    expect(header('x-min-position').at(-1)).toBeUndefined();
  });

  it('reads what it wrote in a batch, where that was not refused', async () => {
    const [OTHER, REFUSED] = [ID.replace('5', '6'), ID.replace('5', '7')];
    const events = [ID, OTHER, REFUSED].map((aggregateId) => ({ eventType: 'A', aggregateType: 'player' as const, aggregateId, eventData: {} }));
    const results = [{ index: 0, code: '201', eventVersion: 4 }, { index: 1, code: '201', eventVersion: 1 }, { index: 2, code: '409' }];
    const body = { results, accepted: 2, refused: 1 };
    answer({ status: 200, headers: { 'x-position': 'p7' }, body }, updated(3, 'older'), state(4));
    expect(await client.publishBatch(events)).toEqual(body);
    await client.patch('player', ID, {}); // its answer was overtaken
    for (const id of [ID, OTHER, REFUSED]) await client.state('player', id);
    expect(asked[0]!.body).toEqual({ events });
    expect(header('x-min-position').slice(2)).toEqual(['p7', 'p7', undefined]);
  });

  it('computes again after a conflict, from the state in the database', async () => {
    answer(state(1), error(409, 'VERSION_CONFLICT'), state(2), updated(3));
    const seen: unknown[] = [];
    const result = await client.updateWith<{ gold: number }>('player', ID, (current) => {
      seen.push(current?.version);
      return { gold: (current?.data.gold ?? 0) + 10 };
    });
    expect(result).toMatchObject({ newVersion: 3 });
    expect(seen).toEqual([1, 2]);
    expect(asked.filter(({ method }) => method === 'PUT').map(({ body }) => body)).toEqual([
      { changes: { gold: 11 }, expectedVersion: 1 }, { changes: { gold: 12 }, expectedVersion: 2 },
    ]);
    expect(asked.filter(({ method }) => method === 'GET').map(({ path }) => path.split('?')[1])).toEqual(
      ['consistency=bounded', 'consistency=strong']);
    expect(new Set(header('idempotency-key')).size).toBe(3); // a key each, and none for a read
  });

  it('creates what is missing, writes nothing for undefined, and stops after its attempts', async () => {
    answer(error(404, 'STATE_NOT_FOUND'), updated(1));
    await client.updateWith('player', ID, (current) => ({ isNew: current === null }));
    expect(asked.at(-1)?.body).toEqual({ changes: { isNew: true }, expectedVersion: 0 });
    answer(state(1));
    expect(await client.updateWith('player', ID, () => undefined)).toBeUndefined();
    for (const [status, word, writes] of [[409, 'VERSION_CONFLICT', 3], [422, 'RULE_VIOLATION', 1]] as const) {
      asked = [];
      server.http = (request) => {
        asked.push(request);
        return request.method === 'GET' ? state(1) : error(status, word);
      };
      await expect(client.updateWith('player', ID, () => ({}), { attempts: 3 })).rejects.toMatchObject({ status });
      expect(asked.filter(({ method }) => method === 'PUT')).toHaveLength(writes);
    }
  });

  it('sends what it has no name for: a read may be repeated, anything else is not', async () => {
    answer(undefined, { status: 200, body: { done: true } });
    expect(await client.send('GET', '/api/v1/newer', { query: { limit: 3, type: undefined } })).toEqual({ done: true });
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual(Array(2).fill('GET /api/v1/newer?limit=3'));
    answer(undefined, { status: 200, body: {} });
    await expect(client.send('POST', '/api/v1/newer', { body: { a: 1 } })).rejects.toMatchObject({ name: 'ConnectionError' });
    expect(asked).toHaveLength(3);
    expect(asked[2]).toMatchObject({ method: 'POST', body: { a: 1 } });
    expect(asked[2]!.headers).toMatchObject({ 'content-type': 'application/json' });
  });

  it('pages through any list, and reads a state at a time', async () => {
    const page = (rows: number[], next?: string): Reply =>
      ({ status: 200, headers: next ? { link: `</api/v1/newer?limit=2&cursor=${next}>; rel="next"` } : {}, body: { rows } });
    answer(page([1, 2], 'c1'), page([3]));
    const bodies: unknown[] = [];
    for await (const body of client.pages('/api/v1/newer', { query: { limit: 2 } })) bodies.push(body);
    expect(bodies).toEqual([{ rows: [1, 2] }, { rows: [3] }]);
    expect(asked.map(({ path }) => path)).toEqual(['/api/v1/newer?limit=2', '/api/v1/newer?limit=2&cursor=c1']);
    answer(state(4));
    await client.state('player', ID, { at: '2026-11-25T12:00:00Z' });
    expect(asked[2]!.path).toContain('at=2026-11-25T12%3A00%3A00Z');
  });
});
