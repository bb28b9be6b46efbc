import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { AGGREGATE_TYPES } from '@app/kernel';
import { eventually } from '@app/testing';
import { ROLES, type Role, signToken } from '@app/auth';
import { EventSourceClient } from './support/event-source-client.js';
import { fresh, type Service, startService } from './support/service.js';
import { metric, publish, settle, startTwin } from './support/streaming.js';
import { refusalOf, WebSocketClient } from './support/web-socket-client.js';

const FRIEND = 'https://game.example';

describe('who may open a stream, and hear what', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ ALLOWED_ORIGINS: FRIEND, RATE_LIMIT_PER_MINUTE: '0' });
  });
  afterAll(() => service.stop());
  afterEach(() => eventually(async () => expect(await metric(service, 'stream_connections')).toBe(0)));

  const dial = (more: Parameters<typeof WebSocketClient.open>[1] = {}) =>
    WebSocketClient.open(service.url, { token: service.token('service'), ...more });
  const ticket = async (token = service.token('service')): Promise<string> =>
    String((await service.ask('POST', '/api/v1/stream/tickets', { token })).body['ticket']);
  const works = async (client: WebSocketClient): Promise<void> => {
    expect((await client.subscribe(`guild/${randomUUID()}`)).at(-1)).toMatchObject({ messageType: 'LIVE' });
    await client.hangUp();
  };

  describe('roles', () => {
    const player = randomUUID();
    const CHANNELS = [
      ...AGGREGATE_TYPES.flatMap((type) => [`${type}/${randomUUID()}`, `${type}/*`, `${type}/server/eu`, `${type}/session/${randomUUID()}`]),
      'server/eu', `player/${player}`,
    ];

    it.each(ROLES)('opens to %s the channels of what it may read', async (role: Role) => {
      const client = await dial({ token: service.token(role, role === 'player' ? { playerId: player } : {}) });
      for (const channel of CHANNELS) {
        const [answer] = await client.subscribe(channel);
        if (role !== 'player' || channel === `player/${player}`) expect(answer).toMatchObject({ messageType: 'SUBSCRIBED', channel });
        else expect(answer).toMatchObject({ messageType: 'ERROR', channel, error: 'FORBIDDEN', code: '403' });
      }
      await client.hangUp();
    });

    it.each(AGGREGATE_TYPES)('opens to a token that is limited to %s its channels, and its share of the wide ones', async (type) => {
      const client = await dial({ token: service.token('service', { aggregateTypes: [type] }) });
      for (const channel of CHANNELS.slice(0, -1)) {
        const [answer] = await client.subscribe(channel);
        const allowed = channel.startsWith('server/') || channel.startsWith(`${type}/`);
        expect(answer).toMatchObject(allowed ? { messageType: 'SUBSCRIBED', channel } : { messageType: 'ERROR', channel, error: 'FORBIDDEN' });
      }
      const own = await dial({ token: service.token('service', { aggregateTypes: [type] }) });
      const { cursor } = (await own.subscribe('server/us'))[0]!;
      for (const aggregateType of AGGREGATE_TYPES) await publish(service, { aggregateType, serverId: 'us' });
      expect(await own.next()).toMatchObject({ messageType: 'STATE_CHANGED', aggregateType: type });
      for (const delivery of ['lossless', 'latest']) {
        const again = await dial({ token: service.token('service', { aggregateTypes: [type] }) });
        await again.subscribe('server/us', { from: cursor, delivery });
        await publish(service, { aggregateType: type, serverId: 'us' });
        await eventually(() => expect(again.all.filter(({ messageType }) => messageType === 'STATE_CHANGED').length).toBeGreaterThan(1));
        expect(new Set(again.all.flatMap(({ aggregateType }) => aggregateType ?? []))).toEqual(new Set([type]));
        await again.hangUp();
      }
      await own.hangUp();
      await client.hangUp();
    });

    it('refuses a named path before the upgrade', async () => {
      const token = service.token('player', { playerId: player });
      expect(await refusalOf(service.url, { token, path: `/ws/player/${randomUUID()}` })).toMatchObject({ status: 403, body: { error: 'FORBIDDEN' } });
      expect(await refusalOf(service.url, { token, path: '/ws/world/eu' })).toMatchObject({ status: 403 });
      const own = await dial({ token, path: `/ws/player/${player}` });
      await own.until('LIVE');
      await own.hangUp();
    });
  });

  describe('at the door', () => {
    it.each([['no token', {}], ['a bad one', { token: 'a.b.c' }], ['another header', { headers: { authorization: 'Basic eDp5' } }]])(
      'answers 401 to %s', async (_name, more) => {
        const { status, headers, body } = await refusalOf(service.url, more);
        expect([status, headers['www-authenticate']]).toEqual([401, expect.stringMatching(/^Bearer realm=/)]);
        expect(body).toEqual({ error: 'UNAUTHENTICATED', code: '401', message: expect.any(String), timestamp: expect.any(String) });
      });

    it('answers 401 to a token that has expired, was revoked, or is signed by another', async () => {
      const jti = randomUUID();
      const revoked = service.token('viewer', { jti });
      await service.ask('POST', '/api/v1/tokens/revocations', { token: service.token('admin'), body: { tokenId: jti } });
      const expired = signToken(service.secret, { sub: 'spec', roles: ['viewer'] }, -60);
      const foreign = signToken('x'.repeat(32), { sub: 'spec', roles: ['viewer'] }, 60);
      for (const token of [revoked, expired, foreign]) {
        expect(await refusalOf(service.url, { token })).toMatchObject({ status: 401 });
        expect(await refusalOf(service.url, { protocols: ['gss.v1', `bearer.${token}`] })).toMatchObject({ status: 401 });
      }
    });

    it.each(['/', '/ws/', '/wsx', '/ws/guild/x', '/ws/player', '/ws/player/', '/ws/player/a/b', '/api/v1/stream'])(
      'answers 404 on %s', async (path) => {
        expect(await refusalOf(service.url, { token: service.token('service'), path })).toMatchObject({ status: 404, body: { code: '404' } });
      });

    it('answers a request that offers another protocol as any other, with its body and on a connection that goes on', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const sockets = new Set<unknown>();
      const offering = async (method: string, path: string, body = '') => {
        const asked = request(`${service.url}/api/v1${path}`, { agent, method, headers: {
          authorization: `Bearer ${service.token('service')}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body),
          connection: 'Upgrade, HTTP2-Settings, keep-alive', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA',
        } });
        asked.flushHeaders(); // the body comes after the offer was seen
        await once(asked, 'socket');
        sockets.add(asked.socket);
        setImmediate(() => asked.end(body));
        const [response] = await once(asked, 'response') as [IncomingMessage];
        return { status: response.statusCode, text: (await response.setEncoding('utf8').toArray()).join('') };
      };
      const event = { eventType: 'Noted', aggregateType: 'player', aggregateId: randomUUID(), eventData: { n: 1 } };
      expect(await offering('POST', '/events', JSON.stringify(event))).toMatchObject({ status: 201 });
      expect(await offering('GET', `/state/player/${event.aggregateId}`)).toMatchObject({ status: 200, text: expect.stringContaining('"n":1') });
      expect(await offering('GET', '/nowhere')).toMatchObject({ status: 404 });
      expect(sockets.size).toBe(1);
      agent.destroy();
    });

    it('answers 400 to a named path with an id that is none', async () => {
      expect(await refusalOf(service.url, { token: service.token('service'), path: '/ws/player/me' })).toMatchObject({ status: 400 });
    });

    it.each(['delivery=bogus', 'snapshot=1', 'paths=gold', 'from=a&from=b', 'unknown=1'])('answers 400 to a named path with %s', async (query) => {
      const path = `/ws/player/${randomUUID()}?${query}`;
      expect(await refusalOf(service.url, { token: service.token('service'), path })).toMatchObject({ status: 400, body: { error: 'VALIDATION_ERROR' } });
    });

    it('takes all of a subscription from the query of a named path', async () => {
      const id = randomUUID();
      const { cursor } = await publish(service, { aggregateId: id });
      for (const eventType of ['Wanted', 'Other', 'Rare']) await publish(service, { aggregateId: id, eventType });
      const client = await dial({ path: `/ws/player/${id}?from=${cursor}&eventTypes=Wanted&eventTypes=Rare&paths=/n&delivery=lossless` });
      const told = await client.take(4); // with SUBSCRIBED and LIVE
      expect(told.flatMap(({ eventType }) => eventType ?? [])).toEqual(['Wanted', 'Rare']);
      await client.hangUp();
    });

    it('takes the token as a header or among the subprotocols, of which it answers its own only', async () => {
      const header = await dial();
      expect(header.socket.protocol).toBe('');
      await works(header);
      const offered = await dial({ token: undefined, protocols: ['gss.v1', `bearer.${service.token('viewer')}`] });
      expect(offered.socket.protocol).toBe('gss.v1');
      await works(offered);
    });

    it('lets pages of its own host and of the allowed origins in, and no other', async () => {
      for (const origin of [service.url, FRIEND]) await works(await dial({ headers: { origin } }));
      for (const origin of ['https://evil.example', `${FRIEND}.evil.example`, 'http://game.example', 'null', 'nonsense', `${service.url}0`]) {
        expect(await refusalOf(service.url, { token: service.token('service'), headers: { origin } }))
          .toMatchObject({ status: 403, body: { error: 'FORBIDDEN' } });
        expect(await service.ask('GET', '/api/v1/stream?channel=player/*', { headers: { origin } })).toMatchObject({ status: 403 });
      }
    });
  });

  describe('tickets', () => {
    it('open one stream, over either way, for whom they were issued to', async () => {
      const player = randomUUID();
      const one = await ticket(service.token('player', { playerId: player }));
      const client = await dial({ token: undefined, path: `/ws?ticket=${one}` });
      expect(await client.subscribe('player/*')).toMatchObject([{ error: 'FORBIDDEN' }]);
      expect((await client.subscribe(`player/${player}`)).at(-1)).toMatchObject({ messageType: 'LIVE' });
      await client.hangUp();
      expect(await refusalOf(service.url, { path: `/ws?ticket=${one}` })).toMatchObject({ status: 401, body: { error: 'UNAUTHENTICATED' } });
      const sse = await EventSourceClient.open(service.url, `channel=player/*&ticket=${await ticket()}`, {});
      await sse.until('LIVE');
      await sse.hangUp();
    });

    it('open one of ten streams that come at once', async () => {
      const path = `/ws?ticket=${await ticket()}`;
      const outcomes = await Promise.all(Array.from({ length: 10 }, async () => {
        const client = dial({ token: undefined, path });
        return client.then(async (open) => open.hangUp().then(() => 'open'), () => 'refused');
      }));
      expect(outcomes.filter((outcome) => outcome === 'open')).toHaveLength(1);
    });

    it('say when they end, and are of no use then', async () => {
      const issued = await service.ask('POST', '/api/v1/stream/tickets');
      expect(issued).toMatchObject({ status: 201, body: { ticket: expect.stringMatching(/^[\w-]{43}$/) } });
      const { rows } = await service.db.pool.query<{ seconds: number; hash: Buffer }>(
        'SELECT hash, extract(epoch FROM expires_at - now())::float8 AS seconds FROM global_state.stream_tickets');
      expect(rows).toHaveLength(1);
      expect(rows[0]!.seconds).toBeGreaterThan(0);
      expect(rows[0]!.seconds).toBeLessThanOrEqual(30);
      expect(rows[0]!.hash.toString()).not.toContain(String(issued.body['ticket'])); // what the database holds opens nothing
      await service.db.pool.query("UPDATE global_state.stream_tickets SET expires_at = now() - interval '1 ms'");
      expect(await refusalOf(service.url, { path: `/ws?ticket=${String(issued.body['ticket'])}` })).toMatchObject({ status: 401 });
    });

    it('are good at another instance', async () => {
      const twin = await startTwin(service);
      await works(await WebSocketClient.open(twin.url, { path: `/ws?ticket=${await ticket()}` }));
      await twin.stop();
    });

    it('need a token, and cannot be made up', async () => {
      expect(await service.ask('POST', '/api/v1/stream/tickets', { token: null })).toMatchObject({ status: 401 });
      for (const made of ['', 'x', 'A'.repeat(43), `${'A'.repeat(42)}%00`]) {
        expect(await refusalOf(service.url, { token: service.token('service'), path: `/ws?ticket=${made}` })).toMatchObject({ status: 401 });
      }
    });

    it('stand for the token: what it opened ends with the token', async () => {
      const jti = randomUUID();
      const client = await dial({ token: undefined, path: `/ws?ticket=${await ticket(service.token('viewer', { jti }))}` });
      await service.ask('POST', '/api/v1/tokens/revocations', { token: service.token('admin'), body: { tokenId: jti } });
      expect(await client.closed).toMatchObject({ code: 4401 });
    });
  });

  describe('later', () => {
    it('closes with 4401 when the token expires or is revoked, over either way, and leaves others open', async () => {
      const jti = randomUUID();
      const other = await dial();
      // Who comes too late with a token as short as this takes another.
      const short = () => signToken(service.secret, { sub: 'spec', roles: ['viewer'] }, 2);
      const expiring = await eventually(() => dial({ token: short() }));
      const expiringEvents = await eventually(() => EventSourceClient.open(service.url, 'channel=player/*', { token: short() }));
      const revoked = await dial({ token: service.token('viewer', { jti }) });
      await revoked.subscribe('player/*');
      await service.ask('POST', '/api/v1/tokens/revocations', { token: service.token('admin'), body: { tokenId: jti } });
      for (const { closed } of [expiring, expiringEvents, revoked]) {
        expect(await closed).toEqual({ code: 4401, reason: 'the token has expired or was revoked' });
      }
      await works(other);
      expect(await metric(service, 'stream_closes_total{code="4401"}')).toBeGreaterThanOrEqual(3);
    });
  });

  it('counts: connections, subscriptions, messages, fan-out; and every socket in the health', async () => {
    const sockets = async () => Number((await service.ask('GET', '/api/v1/health', { token: null })).body['activeConnections']);
    const messages = await metric(service, 'stream_messages_total');
    const fanned = await metric(service, 'stream_fan_out_seconds_count');
    const clients = await Promise.all(Array.from({ length: 20 }, () => dial()));
    const events = await EventSourceClient.open(service.url, 'channel=world/*', { token: service.token('viewer') });
    await events.until('LIVE');
    const { id } = fresh();
    for (const client of clients) await client.subscribe(`player/${id}`);
    expect(await sockets()).toBeGreaterThanOrEqual(22); // with the one that asks; of earlier ones some may be there still
    expect(await metric(service, 'stream_connections')).toBe(21);
    expect(await metric(service, 'stream_subscriptions')).toBe(21);
    await publish(service, { aggregateId: id });
    for (const client of clients) await client.next();
    expect(await metric(service, 'stream_messages_total')).toBe(messages + 21 * 2 + 20);
    expect(await metric(service, 'stream_bytes_total')).toBeGreaterThan(20 * 300);
    expect(await metric(service, 'stream_fan_out_seconds_count')).toBe(fanned + 1);
    await settle(service, clients[0]!);
    for (const client of clients) await client.hangUp();
    await events.hangUp();
    await eventually(async () => expect(await metric(service, 'stream_subscriptions')).toBe(0));
  });

  it('limits the connections of a subject, over both ways together, and gives them back', async () => {
    const token = service.token('viewer', { sub: 'greedy' });
    const clients: WebSocketClient[] = [];
    while (clients.length < 999) clients.push(...await Promise.all(Array.from({ length: 27 }, () => dial({ token }))));
    const events = await EventSourceClient.open(service.url, 'channel=world/*', { token });
    const refused = await refusalOf(service.url, { token });
    expect(refused).toMatchObject({ status: 429, body: { error: 'RATE_LIMITED' }, headers: { 'retry-after': '5' } });
    const { status, headers } = await service.ask('GET', '/api/v1/stream?channel=world/*', { token });
    expect([status, headers.get('retry-after')]).toEqual([429, '5']);
    await works(await dial()); // another subject
    await clients.pop()!.hangUp();
    await eventually(async () => works(await dial({ token })));
    await events.hangUp();
    for (const client of clients) client.socket.terminate();
  });
});
