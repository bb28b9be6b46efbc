import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { signToken } from '@app/auth';
import { encodePosition } from '@app/kernel';
import { eventually } from '@app/testing';
import { fresh, type Service, startService } from './support/service.js';
import { metric, publish } from './support/streaming.js';
import { refusalOf, WebSocketClient } from './support/web-socket-client.js';

const FIN = 0x80;
const MASKED = 0x80;
const [CONTINUED, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];

/** Frames as a client sends them, with a mask of zeros, which changes nothing. */
function frame(head: number, payload: readonly number[] | string): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : Buffer.from(payload);
  if (bytes.length < 126) return Buffer.concat([Buffer.from([head, MASKED | bytes.length, 0, 0, 0, 0]), bytes]);
  return Buffer.concat([Buffer.from([head, MASKED | 126, bytes.length >> 8, bytes.length & 0xff, 0, 0, 0, 0]), bytes]);
}

interface Raw {
  readonly socket: Socket;
  readonly closed: Promise<number | undefined>;
  /** Waits for these bytes; the service's own pings may come around them. */
  hears(bytes: Buffer): Promise<void>;
}

/** A socket after its upgrade, for bytes that no library sends. */
async function rawSocket(url: string, token: string): Promise<Raw> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  let heard: Buffer = Buffer.alloc(0);
  let code: number | undefined;
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk]);
    const head = heard.indexOf('\r\n\r\n');
    const at = head < 0 ? -1 : heard.indexOf(FIN | CLOSE, head + 4);
    if (at < 0 || heard.length < at + 4) return;
    code = heard.readUInt16BE(at + 2);
    socket.end(); // a close is answered
  });
  const closed = new Promise<number | undefined>((resolve) => socket.once('close', () => resolve(code)));
  await once(socket, 'connect');
  socket.write([
    'GET /ws HTTP/1.1', `host: ${host}`, 'upgrade: websocket', 'connection: upgrade', 'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==', `authorization: Bearer ${token}`, '', '',
  ].join('\r\n'));
  await eventually(() => expect(heard.toString('latin1')).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\n/));
  return { socket, closed, hears: (bytes) => eventually(() => expect(heard.toString('latin1')).toContain(bytes.toString('latin1'))) };
}

describe('hostile clients', () => {
  let service: Service;
  let good: WebSocketClient;
  let writing: Promise<void>;
  let stop = false;
  let written: string[] = [];
  const bystander = fresh();
  const raws: Socket[] = [];
  const clients: WebSocketClient[] = [];

  beforeAll(async () => {
    service = await startService({ RATE_LIMIT_PER_MINUTE: '0' });
  });
  afterAll(() => service.stop());

  /** Whoever does what: another subscriber of the same process is told every change meanwhile, in order, and nobody stays behind. */
  beforeEach(async () => {
    good = await WebSocketClient.open(service.url, { token: service.token('viewer', { sub: 'good' }) });
    await good.subscribe(`player/${bystander.id}`);
    [stop, written] = [false, []];
    writing = (async () => {
      while (!stop) written.push((await publish(service, { aggregateId: bystander.id })).eventId);
    })();
  });
  afterEach(async () => {
    stop = true;
    await writing;
    for (const socket of raws.splice(0)) socket.destroy();
    for (const { socket } of clients.splice(0)) socket.terminate();
    written.push((await publish(service, { aggregateId: bystander.id })).eventId);
    const told = await good.take(written.length);
    expect(told.map(({ eventId }) => eventId)).toEqual(written);
    expect(good.rest).toEqual([]);
    await good.hangUp();
    await eventually(async () => {
      expect(await metric(service, 'stream_connections')).toBe(0);
      expect(await metric(service, 'stream_subscriptions')).toBe(0);
    });
  });

  const dial = async (token = service.token('service')) => {
    const client = await WebSocketClient.open(service.url, { token });
    clients.push(client);
    return client;
  };
  const raw = async () => {
    const opened = await rawSocket(service.url, service.token('service'));
    raws.push(opened.socket);
    return opened;
  };

  it('who has no business here: no token, an expired one, a foreign page', async () => {
    for (let i = 0; i < 50; i += 1) {
      const expired = signToken(service.secret, { sub: 'spec', roles: ['viewer'] }, -60);
      const answers = await Promise.all([
        refusalOf(service.url, {}), refusalOf(service.url, { token: expired }),
        refusalOf(service.url, { token: service.token('service'), headers: { origin: 'https://evil.example' } }),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 403]);
    }
  });

  it('who hangs up at every step of the way in', async () => {
    const { hostname, port, host } = new URL(service.url);
    const head = `GET /ws HTTP/1.1\r\nhost: ${host}\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n` +
      `sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nauthorization: Bearer ${service.token('service')}\r\n\r\n`;
    for (let length = 0; length <= head.length; length += 7) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      await new Promise((resolve) => socket.write(head.slice(0, head.length - length), resolve));
      socket.resetAndDestroy();
    }
  });

  it('a message in frames of one byte each', async () => {
    const { socket, closed } = await raw();
    const message = Buffer.from(JSON.stringify({ action: 'ping', id: 'x'.repeat(5_000) }));
    socket.write(Buffer.concat([...message].map((byte, i) => frame(i === 0 ? TEXT : CONTINUED, [byte]))));
    expect(await closed).toBe(1008);
  });

  it('a frame of one byte at a time, slowly, is read', async () => {
    const { socket, hears } = await raw();
    for (const byte of frame(FIN | TEXT, '{"action":"ping","id":1}')) await new Promise((resolve) => socket.write(Buffer.from([byte]), resolve));
    const answer = Buffer.from('{"messageType":"PONG","id":1}');
    await hears(Buffer.concat([Buffer.from([FIN | TEXT, answer.length]), answer]));
    socket.destroy();
  });

  it.each([
    ['100 MiB', Buffer.from([FIN | TEXT, MASKED | 127, 0, 0, 0, 0, 6, 0x40, 0, 0, 0, 0, 0, 0]), 1009],
    ['2^63 bytes', Buffer.from([FIN | TEXT, MASKED | 127, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 1009],
    ['64 KiB and one byte', Buffer.from([FIN | TEXT, MASKED | 127, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]), 1009],
    ['binary', frame(FIN | BINARY, '{}'), 1003],
    ['no UTF-8', frame(FIN | TEXT, [0x22, 0xc3, 0x28, 0x22]), 1007],
    ['no mask', Buffer.from([FIN | TEXT, 2, 0x7b, 0x7d]), 1002],
    ['compressed, though nobody agreed to it', frame(FIN | 0x40 | TEXT, '{}'), 1002],
    ['of a kind that does not exist', frame(FIN | 3, '{}'), 1002],
    ['a continuation of nothing', frame(FIN | CONTINUED, '{}'), 1002],
    ['a ping in pieces', frame(PING, 'x'), 1002],
    ['a close with half a code', frame(FIN | CLOSE, [3]), 1002],
  ])('a frame that announces or is: %s', async (_name, bytes, code) => {
    const { socket, closed } = await raw();
    socket.write(bytes);
    expect(await closed).toBe(code);
  });

  it('noise in place of frames', async () => {
    for (let i = 0; i < 30; i += 1) {
      const { socket, closed } = await raw();
      socket.end(Buffer.from(Array.from({ length: 500 }, (_, at) => (at * 7919 + i * 104_729) % 256)));
      await closed;
    }
  });

  it('a ping is answered with what it carries', async () => {
    const { socket, hears } = await raw();
    socket.write(frame(FIN | PING, 'still there?'));
    await hears(Buffer.concat([Buffer.from([FIN | PONG, 12]), Buffer.from('still there?')]));
  });

  it.each(['reads the answers', 'does not read the answers'])('10,000 pings at once, of one who %s', async (how) => {
    const { socket, closed } = await raw();
    if (how.startsWith('does not')) socket.pause();
    const tooMany = await metric(service, 'stream_closes_total{code="4429"}');
    socket.write(Buffer.concat(Array.from({ length: 10_000 }, () => frame(FIN | PING, 'x'.repeat(125)))));
    await eventually(async () => expect(await metric(service, 'stream_closes_total{code="4429"}')).toBe(tooMany + 1));
    socket.resume();
    expect(await closed).toBe(4429);
  });

  it('10,000 subscriptions at once', async () => {
    const client = await dial();
    for (let i = 0; i < 10_000; i += 1) client.say({ action: 'subscribe', channel: `world/${randomUUID()}` });
    expect(await client.closed).toMatchObject({ code: 4429 });
    expect(client.all.filter(({ messageType }) => messageType === 'LIVE').length).toBeLessThanOrEqual(1_000);
  });

  it('more subscriptions than a connection may have', async () => {
    const client = await dial();
    for (let i = 0; i < 950; i += 1) client.say({ action: 'subscribe', channel: `world/${randomUUID()}` });
    await eventually(() => expect(client.all.filter(({ messageType }) => messageType === 'LIVE')).toHaveLength(950));
    await eventually(async () => {
      const channels = Array.from({ length: 10 }, () => `world/${randomUUID()}`);
      for (const channel of channels) client.say({ action: 'subscribe', channel });
      await eventually(() => expect(client.all.some(({ error }) => error === 'RATE_LIMITED')).toBe(true), 200);
    });
    expect(await metric(service, 'stream_subscriptions')).toBe(1_001);
    await client.hangUp();
  });

  const PLAYER = randomUUID();
  const JSON_REFUSED = expect.stringMatching(/^(MALFORMED_JSON|VALIDATION_ERROR)$/) as string;
  const message = (more: object): string => JSON.stringify({ action: 'subscribe', channel: `player/${PLAYER}`, ...more });
  it.each([
    ['no JSON', 'hello', JSON_REFUSED], ['nothing', '', JSON_REFUSED], ['a list', '[]', JSON_REFUSED], ['null', 'null', JSON_REFUSED],
    ['deep JSON', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, JSON_REFUSED],
    ['a key twice', '{"action":"ping","action":"subscribe"}', JSON_REFUSED],
    ['__proto__', '{"action":"ping","__proto__":{"id":1}}', JSON_REFUSED],
    ['constructor', '{"action":"ping","constructor":{"prototype":{"id":1}}}', JSON_REFUSED],
    ['an unknown action', '{"action":"write","id":1}', 'VALIDATION_ERROR'], ['an unknown field', message({ surprise: 1 }), 'VALIDATION_ERROR'],
    ['an id that is an object', message({ id: {} }), 'VALIDATION_ERROR'], ['a long id', message({ id: 'x'.repeat(101) }), 'VALIDATION_ERROR'],
    ['from before the beginning', message({ from: Buffer.from(`${randomUUID()}:0:-1`).toString('base64url') }), 'VALIDATION_ERROR'],
    ['from that is a number', message({ from: 7 }), 'VALIDATION_ERROR'], ['from without end', message({ from: 'A'.repeat(201) }), 'VALIDATION_ERROR'],
    ['a filter of nothing', message({ filter: { eventTypes: [] } }), 'VALIDATION_ERROR'], ['a path that is none', message({ filter: { paths: ['gold'] } }), 'VALIDATION_ERROR'],
    ['another player', message({ channel: `player/${randomUUID()}` }), 'FORBIDDEN'], ['all players', message({ channel: 'player/*' }), 'FORBIDDEN'],
    ['a guild', message({ channel: `guild/${PLAYER}` }), 'FORBIDDEN'], ['a server', message({ channel: 'server/eu' }), 'FORBIDDEN'],
    ['a session', message({ channel: `player/session/${PLAYER}` }), 'FORBIDDEN'],
    ['a channel that is none', message({ channel: `player/${PLAYER}/more` }), 'VALIDATION_ERROR'],
    ['a long channel', message({ channel: `server/${'x'.repeat(300)}` }), 'VALIDATION_ERROR'],
    ['a channel like a member of an object', message({ channel: '__proto__/constructor' }), 'VALIDATION_ERROR'],
    ['an operation', message({ channel: `toString/${PLAYER}` }), 'VALIDATION_ERROR'],
  ])('a player who sends: %s', async (_name, text, error) => {
    const client = await dial(service.token('player', { playerId: PLAYER }));
    client.socket.send(text);
    expect(await client.next()).toMatchObject({ messageType: 'ERROR', error, code: expect.stringMatching(/^4\d\d$/) });
    // And goes on.
    expect((await client.subscribe(`player/${PLAYER}`)).at(-1)).toMatchObject({ messageType: 'LIVE' });
    expect(({} as Record<string, unknown>)['id']).toBeUndefined();
    await client.hangUp();
  });

  it('a cursor from the future', async () => {
    const client = await dial();
    const epoch = (await client.subscribe('guild/*'))[0]!.epoch!;
    for (const position of [1e9, Number.MAX_SAFE_INTEGER]) {
      const from = encodePosition({ epoch, partition: 0, position });
      expect(await client.subscribe('world/*', { from })).toMatchObject([{ messageType: 'ERROR', error: 'VALIDATION_ERROR' }]);
    }
    await client.hangUp();
  });
});
