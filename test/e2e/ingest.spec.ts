import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { generateSecret, signToken } from '@app/auth';
import { decodePosition } from '@app/kernel';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import type { FastifyInstance } from 'fastify';
import { Program } from './support/process.js';
import { fresh, type Service, startService } from './support/service.js';
import { type LineTold, Upload, upload } from './support/upload.js';

const line = (aggregateId: string, more: object = {}): string => `${JSON.stringify({
  eventType: 'CurrencyEarned', aggregateType: 'player', aggregateId, eventData: { gold: { $inc: 5 } }, ...more,
})}\n`;

describe('a streamed upload', () => {
  let service: Service;
  let token: string;
  beforeAll(async () => {
    service = await startService();
    token = service.token('service');
  });
  afterAll(async () => {
    await service.stop();
  });

  const send = (body: string | Buffer, headers?: Record<string, string>): Promise<LineTold[]> =>
    upload(service.url, token, body, headers);
  const goldOf = async (at: { state: string }): Promise<unknown> => (await service.ask('GET', at.state)).body['data'];

  it('answers each line in order, and a bad one ends nothing', async () => {
    const at = fresh();
    const answers = await send(Buffer.concat([
      Buffer.from(line(at.id)), Buffer.from('{"eventType":\n'), Buffer.from('\r\n   \n'),
      Buffer.from(line(at.id, { surprise: 1 })), Buffer.from([0xc3, 0x28, 0x0a]),
      Buffer.from(line(at.id, { eventData: { text: 'x'.repeat(256 * 1024) } })),
      Buffer.from('{"eventType":"A","eventType":"B"}\n[]\nnull\n'), Buffer.from(line(at.id, { expectedVersion: 9 })),
      Buffer.from(line(at.id, { eventData: { gold: { $inc: -100 } } })),
      Buffer.from(line(at.id).replace('\n', '\r\n')), Buffer.from(line(at.id).trimEnd()),
    ]));
    expect(answers).toMatchObject([
      { index: 0, code: '201', eventVersion: 1, status: 'processed' }, { index: 1, code: '400', error: 'MALFORMED_JSON' },
      { index: 4, code: '400', error: 'VALIDATION_ERROR' }, { index: 5, code: '400', error: 'MALFORMED_JSON' },
      { index: 6, code: '413', error: 'PAYLOAD_TOO_LARGE' }, { index: 7, code: '400', error: 'VALIDATION_ERROR' },
      { index: 8, code: '400' }, { index: 9, code: '400' }, { index: 10, code: '409', error: 'VERSION_CONFLICT' },
      { index: 11, code: '422', error: 'RULE_VIOLATION' }, { index: 12, code: '201', eventVersion: 2 },
      { index: 13, code: '201', eventVersion: 3 }, { done: true, accepted: 3, refused: 9 },
    ]);
    expect(await goldOf(at)).toEqual({ gold: 15 });
    expect(await send('')).toEqual([{ done: true, accepted: 0, refused: 0 }]);
  });

  it('answers while the upload is still coming, also one that comes byte by byte', async () => {
    const at = fresh();
    const slow = new Upload(service.url, token);
    const answers = slow.lines();
    for (let i = 1; i <= 3; i += 1) {
      for (const byte of line(at.id)) await slow.write(byte);
      expect((await answers.next()).value).toMatchObject({ index: i - 1, code: '201', eventVersion: i });
    }
    slow.request.end();
    expect((await answers.next()).value).toEqual({ done: true, accepted: 3, refused: 0, position: expect.any(String) });
  });

  it('takes 20,000 events into exact states, and each once when they are sent again', async () => {
    const ats = Array.from({ length: 200 }, () => fresh());
    const lines = Array.from({ length: 20_000 }, (_, i) =>
      line(ats[i % 200]!.id, { eventId: randomUUID(), eventData: { gold: { $inc: i }, last: i } })).join('');
    const first = await send(lines);
    expect(first.at(-1)).toEqual({ done: true, accepted: 20_000, refused: 0, position: expect.any(String) });
    first.slice(0, -1).forEach((answer, i) => {
      if (answer.index !== i || answer.eventVersion !== Math.floor(i / 200) + 1) throw new Error(JSON.stringify(answer));
    });
    const again = await send(lines.split('\n').slice(0, 3000).join('\n'));
    expect(again.slice(0, -1)).toEqual(first.slice(0, 3000));
    expect(again.at(-1)).toEqual({ done: true, accepted: 3000, refused: 0, position: expect.any(String) });
    for (const [i, at] of ats.entries()) {
      const { body } = await service.ask('GET', at.state);
      expect(body).toMatchObject({ version: 100, data: { gold: 100 * i + 200 * 4950, last: 19_800 + i } });
    }
  });

  it('ends with the position of the last event it appended, as a batch has it in its header', async () => {
    const [first, last] = [fresh(), fresh()];
    const single = async (at: { id: string }): Promise<string> => {
      const { headers } = await service.ask('POST', '/api/v1/events', { raw: line(at.id).trim(), headers: { 'content-type': 'application/json' } });
      return headers.get('x-position')!;
    };
    const before = await single(first);
    const uploaded = await send(line(first.id) + line(last.id) + line(first.id, { expectedVersion: 9 }));
    const { position } = uploaded.at(-1)!;
    const events = [first, last].map(({ id }) => JSON.parse(line(id)) as object);
    const batch = await service.ask('POST', '/api/v1/events/batch', { body: { events: [...events, { eventType: 'A' }] } });
    const told = [before, position, batch.headers.get('x-position'), await single(last)].map((text) => decodePosition(text!)!);
    expect(told.map(({ epoch }) => epoch)).toEqual(told.map(() => told[0]!.epoch));
    expect(told.map((each) => each.position - told[0]!.position)).toEqual([0, 2, 4, 5]);
    for (const refused of [{ events: [{ eventType: 'A' }] }, { events: [{ ...events[0], expectedVersion: 99 }] }]) {
      expect((await service.ask('POST', '/api/v1/events/batch', { body: refused })).headers.get('x-position')).toBeNull();
    }
  });

  it('repeats no line under an Idempotency-Key, and refuses another line in its place', async () => {
    const at = fresh();
    const key = { 'idempotency-key': randomUUID() };
    const first = await send(line(at.id) + line(at.id), key);
    expect(first).toMatchObject([{ eventVersion: 1 }, { eventVersion: 2 }, { done: true }]);
    expect(await send(line(at.id) + line(at.id) + line(at.id), key))
      .toMatchObject([first[0], first[1], { index: 2, eventVersion: 3 }, { done: true, accepted: 3 }]);
    expect(await send(line(at.id) + line(at.id, { serverId: 'eu' }), key))
      .toMatchObject([first[0], { index: 1, code: '422', error: 'IDEMPOTENCY_KEY_REUSED' }, { accepted: 1, refused: 1 }]);
    expect(await goldOf(at)).toEqual({ gold: 15 });
    expect(await service.ask('POST', '/api/v1/events/batch', {
      raw: line(at.id), headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': 'a b' },
    })).toMatchObject({ status: 400 });
  });

  it('refuses before it reads: without a token, without the right, compressed, or elsewhere', async () => {
    const at = fresh();
    const ask = (path: string, more: { token?: string | null; headers?: object }): ReturnType<Service['ask']> =>
      service.ask('POST', path, {
        raw: line(at.id), ...(more.token === undefined ? {} : { token: more.token }),
        headers: { 'content-type': 'application/x-ndjson', ...more.headers },
      });
    expect(await ask('/api/v1/events/batch', { token: null })).toMatchObject({ status: 401 });
    expect(await ask('/api/v1/events/batch', { token: service.token('viewer') })).toMatchObject({ status: 403 });
    expect(await ask('/api/v1/events/batch', { headers: { 'content-encoding': 'gzip' } })).toMatchObject({ status: 415 });
    expect(await ask('/api/v1/events/batch?x=1', {})).toMatchObject({ status: 400 });
    expect(await ask('/api/v1/events', {})).toMatchObject({ status: 415, body: { error: 'UNSUPPORTED_MEDIA_TYPE' } });
    expect(await upload(service.url, service.token('service', { aggregateTypes: ['guild'] }), line(at.id)))
      .toMatchObject([{ index: 0, code: '403' }, { refused: 1 }]);
    expect(await service.ask('GET', at.state)).toMatchObject({ status: 404 });
  });

  it('stops reading when its answers are not read, and goes on when they are', async () => {
    const deaf = new Upload(service.url, token);
    const response = await deaf.response;
    response.pause();
    response.socket.pause();
    // Its refusal names the key, so the answers are longer than the lines: over 24 MB, which no socket's buffer takes.
    const one = line(fresh().id, { ['k'.repeat(30_000)]: 1 });
    const many = 800;
    let sent = 0;
    const sending = (async () => {
      for (; sent < many; sent += 1) await deaf.write(one);
    })();
    let before = -1;
    let since = 0;
    await eventually(() => {
      if (sent !== before) [before, since] = [sent, performance.now()];
      expect(performance.now() - since).toBeGreaterThan(1000); // not a line for a second
    });
    expect(sent).toBeLessThan(many);
    response.socket.resume();
    const reading = deaf.all();
    await sending;
    deaf.request.end();
    const answers = await reading;
    expect(answers).toHaveLength(many + 1);
    expect(answers.at(-1)).toEqual({ done: true, accepted: 0, refused: many });
  });

  it('keeps what it took from a client that is killed in the middle, and nothing else of it', async () => {
    const at = fresh();
    const fastify = service.app.getHttpAdapter().getInstance() as FastifyInstance;
    const others = fastify.openConnections();
    const victim = new Upload(service.url, token);
    victim.request.on('error', () => undefined);
    await victim.write(line(at.id).repeat(300));
    let acknowledged = 0;
    for await (const answer of victim.lines()) {
      acknowledged = answer.eventVersion ?? acknowledged;
      if (acknowledged >= 10) break;
    }
    victim.request.destroy();
    await eventually(async () => {
      expect(fastify.openConnections()).toBeLessThanOrEqual(others);
      expect(await (await fetch(`${service.url}/metrics`)).text()).toContain('\ngss_append_queue_depth 0\n');
    });
    const { body } = await service.ask('GET', at.state);
    const version = Number(body['version']);
    expect(version).toBeGreaterThanOrEqual(acknowledged);
    expect(version).toBeLessThanOrEqual(300);
    expect(body['data']).toEqual({ gold: 5 * version });
  });

  it('is there with its status before the first line', async () => {
    const early = new Upload(service.url, token);
    expect(await early.response).toMatchObject({
      statusCode: 200, headers: { 'content-type': 'application/x-ndjson', 'x-request-id': expect.any(String) as string },
    });
    early.request.end();
    expect(await early.all()).toEqual([{ done: true, accepted: 0, refused: 0 }]);
  });

  it('takes no line of a token that was revoked meanwhile', async () => {
    const at = fresh();
    const jti = randomUUID();
    const slow = new Upload(service.url, service.token('service', { sub: 'leaver', jti }));
    const answers = slow.lines();
    await slow.write(line(at.id));
    expect((await answers.next()).value).toMatchObject({ code: '201' });
    const revoked = await service.ask('POST', '/api/v1/tokens/revocations', { body: { tokenId: jti }, token: service.token('admin') });
    expect(revoked.status).toBe(201);
    await slow.write(line(at.id));
    expect((await answers.next()).value).toMatchObject({ done: false, accepted: 1, refused: 0, nextIndex: 1, error: 'UNAUTHENTICATED', code: '401' });
    slow.request.end();
    expect(await goldOf(at)).toEqual({ gold: 5 });
    await eventually(async () => {
      const { body } = await service.ask('GET', '/api/v1/audit?actor=leaver&kind=refusal', { token: service.token('admin') });
      expect(body['entries']).toMatchObject([{ outcome: 'refused', status: 401, error: 'UNAUTHENTICATED' }]);
    });
  });

  it('takes no line of a token that expired meanwhile', async () => {
    const at = fresh();
    const slow = new Upload(service.url, signToken(service.secret, { sub: 'spec', roles: ['service'] }, 4));
    const expired = Date.now() + 60_000;
    const answers = slow.lines();
    let accepted = 0;
    let told: LineTold | undefined;
    do {
      await slow.write(line(at.id));
      told = (await answers.next()).value as LineTold;
      if (told.code === '201') accepted += 1;
    } while (told.code === '201' && Date.now() < expired);
    slow.request.end();
    expect(told).toMatchObject({ done: false, accepted, nextIndex: accepted, error: 'UNAUTHENTICATED' });
    expect(await goldOf(at)).toEqual({ gold: 5 * accepted });
  });

  it('lasts longer than a request may, as long as it moves', async () => {
    const { server } = service.app.getHttpAdapter().getInstance() as FastifyInstance;
    const at = fresh();
    const slow = new Upload(service.url, token);
    await slow.response; // or on a busy machine its headers may take too long
    const usual = [server.headersTimeout, server.requestTimeout] as const;
    [server.headersTimeout, server.requestTimeout] = [500, 500];
    const answers = slow.lines();
    const begun = performance.now();
    // An ordinary request that does not end is cut meanwhile.
    const { hostname, port } = new URL(service.url);
    const other = connect(Number(port), hostname);
    let cut = '';
    const closed = once(other, 'close');
    other.on('data', (data) => (cut += data.toString()));
    other.write('POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{');
    let sent = 0;
    await eventually(async () => {
      await slow.write(line(at.id));
      sent += 1;
      expect((await answers.next()).value).toMatchObject({ code: '201', eventVersion: sent });
      expect(performance.now() - begun).toBeGreaterThan(3500);
      expect(cut).toContain('REQUEST_TIMEOUT');
    });
    slow.request.end();
    expect((await answers.next()).value).toMatchObject({ done: true, accepted: sent });
    await closed;
    [server.headersTimeout, server.requestTimeout] = usual;
  });
});

describe('a streamed upload when the service stops', () => {
  it('is ended with a last line that says so; what was taken is answered', async () => {
    const service = await startService();
    const at = fresh();
    const open = new Upload(service.url, service.token('service'));
    const answers = open.lines();
    await open.write(line(at.id) + line(at.id) + '{"eventType":"Half');
    expect((await answers.next()).value).toMatchObject({ index: 0, code: '201' });
    const stopped = service.app.close();
    expect((await answers.next()).value).toMatchObject({ index: 1, code: '201' });
    expect((await answers.next()).value).toEqual({
      done: false, accepted: 2, refused: 0, nextIndex: 2, error: 'SERVICE_UNAVAILABLE', code: '503',
      message: expect.any(String) as string, position: expect.any(String) as string,
    });
    expect((await answers.next()).done).toBe(true);
    const begun = performance.now();
    await stopped;
    expect(performance.now() - begun).toBeLessThan(6000);
    await service.db.drop();
  });
});

describe('a streamed upload to a process of its own', () => {
  const JWT_SECRET = generateSecret();
  const token = signToken(JWT_SECRET, { sub: 'spec', roles: ['service'] }, 600);
  let db: TestDatabase;
  let program: Program;
  let url: string;
  beforeAll(async () => {
    db = await createTestDatabase();
    program = new Program('main', { DATABASE_URL: db.url, JWT_SECRET, PORT: '0', LOG_LEVEL: 'error' });
    url = await program.listening();
  });
  afterAll(async () => {
    program.signal('SIGKILL');
    await program.ended;
    await db.drop();
  });

  const residentBytes = async (): Promise<number> =>
    Number(/\ngss_process_resident_memory_bytes (\S+)/.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);

  /** The most that the process had while it took so many lines of 10 KB. */
  const peakOver = async (lines: number): Promise<number> => {
    const sent = new Upload(url, token);
    const answers = sent.all();
    // Refused by the schema: the same way through the stream, without the appends.
    const chunk = line(randomUUID(), { surprise: 'x'.repeat(10_000) }).repeat(100);
    let peak = 0;
    for (let i = 0; i < lines; i += 100) {
      await sent.write(chunk);
      if (i % 500 === 0) peak = Math.max(peak, await residentBytes());
    }
    sent.request.end();
    expect((await answers).at(-1)).toEqual({ done: true, accepted: 0, refused: lines });
    return peak;
  };

  it('takes no more memory the longer the upload is', async () => {
    const short = await peakOver(2000);
    const long = await peakOver(16_000); // 160 MB
    expect(long - short).toBeLessThan(50 * 1024 * 1024);
  });
});
