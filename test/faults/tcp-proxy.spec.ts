import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgres } from '@app/embedded-postgres';
import { eventually, type RedisServer, startRedis } from '@app/testing';
import { createClient } from '@redis/client';
import { Client } from 'pg';
import { TcpProxy } from './harness/tcp-proxy.js';

/** `pending` while it has not ended after some time. */
function soon(promise: Promise<unknown>): Promise<unknown> {
  return Promise.race([promise, sleep(200, 'pending')]);
}

describe('in front of PostgreSQL', () => {
  let folder: string;
  let postgres: EmbeddedPostgres;
  let proxy: TcpProxy;
  let clients: Client[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gss-proxy-'));
    postgres = await EmbeddedPostgres.start({ dataDir: folder });
  });

  beforeEach(async () => {
    const { host, port } = postgres.connection;
    proxy = await TcpProxy.listen({ protocol: 'postgres', to: { path: join(host, `.s.PGSQL.${port}`) } });
    clients = [];
  });

  afterEach(async () => {
    await proxy.close();
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  });

  afterAll(async () => {
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function client(name: string): Promise<Client> {
    const made = new Client({
      connectionString: `postgres://postgres@127.0.0.1:${proxy.port}/postgres?sslmode=disable`, application_name: name,
    });
    made.on('error', () => undefined); // seen in the queries
    clients.push(made);
    await made.connect();
    return made;
  }

  it('passes everything on, also much at once, and both ends of a conversation', async () => {
    const one = await client('gss');
    const { rows: [row] } = await one.query("SELECT repeat('x', 5000000) AS much, $1::text AS back", ['y'.repeat(3_000_000)]);
    expect([row.much.length, row.back.length]).toEqual([5_000_000, 3_000_000]);
    await one.end();
    await eventually(() => expect(proxy.names).toEqual([]));
  });

  it('drops what named connections say, and resets those afterwards', async () => {
    const [feed, other] = [await client('gss-feed'), await client('gss')];
    expect(proxy.names).toEqual(['gss', 'gss-feed']);
    proxy.begin({ kind: 'drop', only: ['gss-feed', 'gss-listen'] });
    const asked = feed.query('SELECT 1').then(() => 'answered', () => 'broken');
    await eventually(() => expect(proxy.lost).toBeGreaterThan(0));
    const knocked = client('gss-listen').then(() => 'connected', () => 'broken');
    await eventually(() => expect(proxy.names).toContain('gss-listen')); // by then what it said is lost too
    expect(await soon(asked)).toBe('pending');
    expect(await soon(knocked)).toBe('pending');
    expect((await other.query('SELECT 2 AS two')).rows).toEqual([{ two: 2 }]);
    proxy.heal();
    expect([await asked, await knocked]).toEqual(['broken', 'broken']);
    expect((await (await client('gss-feed')).query('SELECT 3 AS three')).rows).toEqual([{ three: 3 }]);
  });

  it('does not tell the server that a client has gone while it drops', async () => {
    const feed = await client('gss-feed');
    const other = await client('gss');
    const here = async () => (await other.query<{ count: number }>(
      "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'gss-feed'")).rows[0]?.count;
    proxy.begin({ kind: 'drop', only: ['gss-feed'] });
    void feed.end();
    const gone = eventually(async () => expect(await here()).toBe(0));
    expect(await soon(gone)).toBe('pending');
    proxy.heal();
    await gone;
  });

  it('stalls a connection, which goes on afterwards', async () => {
    const feed = await client('gss-feed');
    proxy.begin({ kind: 'stall', only: ['gss-feed'] });
    const asked = feed.query('SELECT 1 AS one');
    expect(await soon(asked)).toBe('pending');
    proxy.heal();
    expect((await asked).rows).toEqual([{ one: 1 }]);
  });

  it('cuts connections, and each new one, until it is over', async () => {
    const [feed, other] = [await client('gss-feed'), await client('gss')];
    proxy.begin({ kind: 'cut', only: ['gss-feed'] });
    await expect(feed.query('SELECT 1')).rejects.toThrow();
    await expect(client('gss-feed')).rejects.toThrow();
    await other.query('SELECT 1');
    proxy.heal();
    await client('gss-feed');
  });

  it('delays, without a name also all of them', async () => {
    const other = await client('gss');
    proxy.begin({ kind: 'delay', ms: 150 });
    const begun = performance.now();
    await other.query('SELECT 1');
    expect(performance.now() - begun).toBeGreaterThanOrEqual(295);
  });
});

describe('in front of Redis', () => {
  let redis: RedisServer;
  let proxy: TcpProxy;

  beforeAll(async () => {
    redis = await startRedis();
    proxy = await TcpProxy.listen({ protocol: 'redis', to: { host: '127.0.0.1', port: redis.port } });
  });

  afterAll(async () => {
    await proxy?.close();
    await redis?.stop();
  });

  it('drops, and comes back', async () => {
    const client = createClient({ url: `redis://127.0.0.1:${proxy.port}`, socket: { reconnectStrategy: 20 } });
    client.on('error', () => undefined); // expected when the proxy resets it
    await client.connect();
    try {
      await client.set('key', 'value');
      proxy.begin({ kind: 'drop' });
      expect(await soon(client.get('key').catch(() => 'broken'))).toBe('pending');
      proxy.heal();
      await eventually(async () => expect(await client.get('key')).toBe('value'));
    } finally {
      await client.disconnect();
    }
  });
});
