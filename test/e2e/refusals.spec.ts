import { connect } from 'node:net';
import fc from 'fast-check';
import { fresh, type Service, startService } from './support/service.js';

describe('bad input', () => {
  let service: Service;
  let at: ReturnType<typeof fresh>;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });
  beforeEach(async () => {
    at = fresh();
    await service.ask('PUT', at.state, { body: { changes: { level: 1 }, expectedVersion: 0 } });
  });

  /** Refused with the fixed body, and nothing changed. */
  const expectRefusal = async (answer: Awaited<ReturnType<Service['ask']>>, status: number, error?: string): Promise<void> => {
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.body).filter((key) => key !== 'details').sort()).toEqual(['code', 'error', 'message', 'timestamp']);
    expect(answer.body).toMatchObject({ code: String(status), ...(error ? { error } : {}) });
    expect(answer.text).not.toMatch(/at .*\.(ts|js):|SELECT|INSERT|node_modules/);
    expect(await service.ask('GET', at.state)).toMatchObject({ body: { version: 1, data: { level: 1 } } });
  };

  const put = (changes: string): ReturnType<Service['ask']> => service.ask('PUT', at.state, {
    raw: `{"expectedVersion":1,"changes":${changes}}`, headers: { 'content-type': 'application/json' },
  });

  it.each([
    ['__proto__', '{"a":{"__proto__":{"admin":true}}}'],
    ['an escaped __proto__', '{"a":[{"\\u005f_proto__":1}]}'],
    ['constructor', '{"constructor":1}'],
    ['prototype', '{"a":{"prototype":{}}}'],
    ['an integer beyond 2^53', '{"gold":9007199254740993}'],
    ['the first unsafe integer', '{"gold":9007199254740992}'],
    ['a negative one', '{"gold":-9007199254740992}'],
    ['one with an exponent', '{"gold":1e16}'],
    ['overflow', '{"gold":1e999}'],
    ['NUL', '{"name":"a\\u0000b"}'],
    ['a lone surrogate', '{"name":"\\ud800"}'],
    ['a duplicate key', '{"a":1,"a":2}'],
    ['a duplicate key, escaped', '{"a":1,"\\u0061":2}'],
    ['depth', '{"a":' + '['.repeat(40) + ']'.repeat(40) + '}'],
    ['keys', `{${Array.from({ length: 10_001 }, (_, i) => `"k${i}":1`).join()}}`],
    ['no JSON', '{"a":'],
    ['empty changes', '{}'],
    ['changes that are no object', '[1]'],
    ['an increment of the whole', '{"$inc":1}'],
  ])('refuses %s', async (_name, changes) => {
    await expectRefusal(await put(changes), 400);
  });

  it('refuses invalid UTF-8 instead of storing something else', async () => {
    const raw = Buffer.concat([Buffer.from('{"expectedVersion":1,"changes":{"name":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}}')]);
    await expectRefusal(await service.ask('PUT', at.state, { raw, headers: { 'content-type': 'application/json' } }), 400);
  });

  it('refuses bodies over 256 KiB, and batches over 8 MiB', async () => {
    await expectRefusal(await put(`{"name":"${'x'.repeat(256 * 1024)}"}`), 413, 'PAYLOAD_TOO_LARGE');
    const item = `{"eventType":"X","aggregateType":"player","aggregateId":"${at.id}","eventData":{"x":"${'x'.repeat(200_000)}"}}`;
    const batch = (count: number): ReturnType<Service['ask']> => service.ask('POST', '/api/v1/events/batch', {
      raw: `{"events":[${Array.from({ length: count }, () => item).join()}]}`, headers: { 'content-type': 'application/json' },
    });
    await expectRefusal(await batch(45), 413);
  });

  it('refuses other content types', async () => {
    const raw = '{"expectedVersion":1,"changes":{"level":2}}';
    for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded']) {
      await expectRefusal(await service.ask('PUT', at.state, { raw, headers: { 'content-type': type } }), 415, 'UNSUPPORTED_MEDIA_TYPE');
    }
    await expectRefusal(await service.ask('PUT', at.state, {
      raw, headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    }), 415);
  });

  it.each([
    ['no body', undefined],
    ['no expectedVersion', { changes: { a: 1 } }],
    ['a negative expectedVersion', { changes: { a: 1 }, expectedVersion: -1 }],
    ['expectedVersion as text', { changes: { a: 1 }, expectedVersion: '1' }],
    ['an unknown field', { changes: { a: 1 }, expectedVersion: 1, surprise: 1 }],
    ['a userId that is no UUID', { changes: { a: 1 }, expectedVersion: 1, userId: 'me' }],
    ['metadata that is no object', { changes: { a: 1 }, expectedVersion: 1, metadata: 'x' }],
  ])('refuses an update with %s', async (_name, body) => {
    await expectRefusal(await service.ask('PUT', at.state, { body }), 400, 'VALIDATION_ERROR');
  });

  it.each([
    '?version=0', '?version=1.5', '?version=-1', '?version=x', '?version=1e3', '?version=99999999999999999', '?version=1&version=2',
    '?includeEvents=maybe', '?unknown=1',
  ])('refuses a read with %s', async (query) => {
    await expectRefusal(await service.ask('GET', `${at.state}${query}`), 400, 'VALIDATION_ERROR');
  });

  it('refuses other types, ids and routes', async () => {
    await expectRefusal(await service.ask('GET', `/api/v1/state/dragon/${at.id}`), 400);
    await expectRefusal(await service.ask('GET', '/api/v1/state/player/42'), 400);
    await expectRefusal(await service.ask('GET', '/api/v1/nothing'), 404, 'ROUTE_NOT_FOUND');
    await expectRefusal(await service.ask('POST', at.state, { body: {} }), 404, 'ROUTE_NOT_FOUND');
    await expectRefusal(await service.ask('GET', '/api/v1/state/player/%ff'), 400);
  });

  it('refuses an event that calls itself StateDeleted, and malformed types', async () => {
    for (const eventType of ['StateDeleted', '', 'with space', 'x'.repeat(129), 'new\nline']) {
      await expectRefusal(await service.ask('POST', '/api/v1/events', {
        body: { eventType, aggregateType: 'player', aggregateId: at.id, eventData: {} },
      }), 400);
    }
  });

  it('refuses headers that are too large, and what is no HTTP, with the same body', async () => {
    for (const [request, status] of [
      [`GET /livez HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`, 431], ['NOT HTTP AT ALL\r\n\r\n', 400],
    ] as const) {
      const text = await rawExchange(service.url, request);
      expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ code: String(status) });
    }
  });

  it('never answers random JSON with a 5xx, whatever route and header', async () => {
    const nasty = fc.oneof(fc.json(), fc.string(), fc.constantFrom('{"$inc":1}', 'null', '[]', '{"a":{"$inc":null}}'));
    await fc.assert(fc.asyncProperty(
      fc.constantFrom('PUT', 'PATCH', 'POST', 'DELETE', 'BATCH'), nasty, fc.string({ maxLength: 20 }),
      async (method, raw, word) => {
        const wrapped = method === 'PUT' ? `{"expectedVersion":1,"changes":${raw}}`
          : method === 'POST' ? `{"eventType":"X","aggregateType":"player","aggregateId":"${at.id}","eventData":${raw}}`
            : method === 'BATCH' ? `{"events":[${raw}]}` : raw;
        const path = method === 'POST' ? '/api/v1/events' : method === 'BATCH' ? '/api/v1/events/batch' : at.state;
        const header = Buffer.from(word).toString('latin1').replace(/[^\x20-\x7e]/g, '');
        const answer = await service.ask(method === 'BATCH' ? 'POST' : method, path, {
          raw: method === 'DELETE' ? undefined : wrapped,
          headers: {
            ...(method === 'DELETE' ? {} : { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' }),
            'if-match': header || '*', 'idempotency-key': header || 'k',
          },
        });
        expect(answer.status).toBeLessThan(500);
      }), { numRuns: 300 });
  });
});

/** What a server answers to these bytes. */
function rawExchange(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(request));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('close', () => resolve(text)).on('error', reject);
  });
}
