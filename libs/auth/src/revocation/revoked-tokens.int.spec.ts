import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import { Logger } from '@nestjs/common';
import { Pool } from 'pg';
import { PostgresRevocations } from '../sql/postgres-revocations.js';
import { MAX_REVOCATIONS } from './revocations.js';
import { RevokedTokens } from './revoked-tokens.js';

const now = () => Date.now() / 1000;
const token = (tokenId: string) => ({ principal: { subject: 'other', roles: [], tokenId }, issuedAt: now(), expiresAt: now() + 60 });
const of = (subject: string, issuedAt?: number) =>
  ({ principal: { subject, roles: [] }, expiresAt: now() + 60, ...(issuedAt !== undefined && { issuedAt }) });

describe('revoked tokens on instances that share a database', () => {
  let db: TestDatabase;
  let instances: RevokedTokens[];
  let warned: jest.SpyInstance;

  const start = async (pool: Pool = db.pool): Promise<RevokedTokens> => {
    const instance = new RevokedTokens({ revocations: new PostgresRevocations(pool) });
    instances.push(instance);
    await instance.onModuleInit();
    instance.onApplicationBootstrap();
    return instance;
  };

  beforeEach(async () => {
    warned = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    jest.spyOn(Logger.prototype, 'log').mockReturnValue(undefined);
    db = await createTestDatabase();
    instances = [];
  });
  afterEach(async () => {
    await Promise.all(instances.map((instance) => instance.onModuleDestroy()));
    await db.drop();
    jest.restoreAllMocks();
  });

  it('hold at once where they were made, within about a second elsewhere, and from the start on a new one', async () => {
    const [here, there] = [await start(), await start()];
    await here.add({ kind: 'token', name: 'a', actor: 'spec' });
    expect(here.covers(token('a'))).toBe(true);
    expect(here.covers(token('b'))).toBe(false);
    const before = Date.now();
    await eventually(() => expect(there.covers(token('a'))).toBe(true));
    expect(Date.now() - before).toBeLessThan(3_000);
    expect((await start()).covers(token('a'))).toBe(true);
  });

  it('of a subject cover what was issued before, and what does not say when', async () => {
    const here = await start();
    const issued = now() - 1;
    const { issuedBefore } = await here.add({ kind: 'subject', name: 'eve', actor: 'spec' });
    expect(here.covers(of('eve', issued))).toBe(true);
    expect(here.covers(of('eve'))).toBe(true);
    expect(here.covers(of('eve', issuedBefore.getTime() / 1000 - 0.001))).toBe(true);
    expect(here.covers(of('eve', issuedBefore.getTime() / 1000))).toBe(false);
    expect(here.covers(of('adam', issued))).toBe(false);
    // Again: what was issued since is covered then.
    const between = issuedBefore.getTime() / 1000;
    await here.add({ kind: 'subject', name: 'eve', actor: 'spec' });
    expect(here.covers(of('eve', between - 0.001))).toBe(true);
  });

  it('end when they are lifted, on every instance, and by themselves when their time is over', async () => {
    const [here, there] = [await start(), await start()];
    const { id } = await here.add({ kind: 'token', name: 'a', actor: 'spec' });
    const soon = await here.add({ kind: 'token', name: 'b', actor: 'spec', expiresAt: new Date(Date.now() + 600_000) });
    await eventually(() => expect([there.covers(token('a')), there.covers(token('b'))]).toEqual([true, true]));
    expect(await here.lift(id)).toBe(true);
    expect(here.covers(token('a'))).toBe(false);
    expect(await here.lift(id)).toBe(false);
    expect(await here.lift(randomUUID())).toBe(false);
    await eventually(() => expect([there.covers(token('a')), there.covers(token('b'))]).toEqual([false, true]));
    const clock = jest.spyOn(Date, 'now').mockReturnValue(soon.expiresAt!.getTime());
    expect([here.covers(token('b')), there.covers(token('b'))]).toEqual([false, false]);
    clock.mockRestore();
    await db.pool.query("UPDATE global_state.token_revocations SET expires_at = now() WHERE name = 'b'");
    expect(await there.lift(soon.id)).toBe(false);
    // Revoked again, it is another revocation.
    const again = await there.add({ kind: 'token', name: 'a', actor: 'spec' });
    expect(again.id).not.toBe(id);
    await eventually(() => expect(here.covers(token('a'))).toBe(true));
  });

  it('renew with the later end', async () => {
    const here = await start();
    const at = (minutes: number) => new Date(Date.now() + minutes * 60_000);
    const [later, sooner] = [at(60), at(30)];
    const first = await here.add({ kind: 'token', name: 'a', actor: 'spec', expiresAt: sooner });
    expect(await here.add({ kind: 'token', name: 'a', actor: 'spec', expiresAt: later }))
      .toMatchObject({ id: first.id, expiresAt: later });
    expect((await here.add({ kind: 'token', name: 'a', actor: 'spec', expiresAt: sooner })).expiresAt).toEqual(later);
    expect((await here.add({ kind: 'token', name: 'a', actor: 'spec' })).expiresAt).toBeUndefined();
    expect((await here.add({ kind: 'token', name: 'a', actor: 'spec', expiresAt: later })).expiresAt).toBeUndefined();
  });

  it('are one for a name, however many instances revoke it at once, and none is missed by a reader', async () => {
    const [one, two, reader] = [await start(), await start(), await start()];
    const names = Array.from({ length: 20 }, (_, n) => `token ${n}`);
    const added = await Promise.all(names.flatMap((name) =>
      [one, two].map((instance) => instance.add({ kind: 'token', name, actor: 'spec' }))));
    expect(new Set(added.map(({ id }) => id)).size).toBe(20);
    expect(new Set(added.map(({ revision }) => revision)).size).toBe(40);
    await eventually(() => expect(names.filter((name) => !reader.covers(token(name)))).toEqual([]));
  });

  it('are numbered in commit order: a reader does not pass one that is not committed yet', async () => {
    const [writer, reader] = [await start(), await start()];
    const slow = await db.pool.connect();
    await slow.query('BEGIN');
    await new PostgresRevocations(slow).add({ kind: 'token', name: 'slow', actor: 'spec' });
    const fast = writer.add({ kind: 'token', name: 'fast', actor: 'spec' });
    await eventually(async () => {
      const { rows } = await db.pool.query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
      expect(rows).toHaveLength(1);
    });
    await slow.query('COMMIT');
    slow.release();
    expect((await fast).revision).toBe(2);
    await eventually(() => expect([reader.covers(token('slow')), reader.covers(token('fast'))]).toEqual([true, true]));
  });

  it('are refused beyond the bound, but for the renewal of one', async () => {
    const here = await start();
    await here.add({ kind: 'token', name: 'first', actor: 'spec' });
    await db.pool.query(`INSERT INTO global_state.token_revocations (id, kind, name, actor, created_at, issued_before, revision)
      SELECT gen_random_uuid(), 'token', n, 'spec', now(), now(), n + 1 FROM generate_series(1, $1::int) AS n`, [MAX_REVOCATIONS - 1]);
    await db.pool.query('UPDATE global_state.token_revocation_head SET revision = $1', [MAX_REVOCATIONS]);
    await expect(here.add({ kind: 'token', name: 'one more', actor: 'spec' })).rejects.toMatchObject({
      error: 'INVALID_OPERATION', message: 'there are 100000 revocations in force: lift some, or let them expire',
    });
    await here.add({ kind: 'token', name: 'first', actor: 'spec' });
    await eventually(() => expect(here.covers(token('99999'))).toBe(true));
    expect(here.covers(token('1'))).toBe(true);
    expect((await start()).covers(token('99999'))).toBe(true);
  });

  it('are not undone by a load that began before them', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => { release = resolve; });
    let loads = 0;
    class SlowToTell extends PostgresRevocations {
      override async load(afterRevision: number) {
        const changes = await super.load(afterRevision);
        loads += 1;
        await released;
        return changes;
      }
    }
    const here = new RevokedTokens({ revocations: new SlowToTell(db.pool) });
    const started = here.onModuleInit();
    await eventually(() => expect(loads).toBe(1));
    const added = here.add({ kind: 'token', name: 'a', actor: 'spec' });
    // Were they not in turn, it would be stored and known before the load ends.
    await db.pool.query('SELECT 1');
    release();
    await Promise.all([started, added]);
    expect(here.covers(token('a'))).toBe(true);
  });

  it('leave no rows behind a day after their end', async () => {
    const here = await start();
    const { id } = await here.add({ kind: 'token', name: 'old', actor: 'spec' });
    await here.add({ kind: 'token', name: 'kept', actor: 'spec' });
    await here.lift(id);
    await db.pool.query("UPDATE global_state.token_revocations SET lifted_at = lifted_at - interval '25 hours'");
    await here.add({ kind: 'token', name: 'new', actor: 'spec' });
    const { rows } = await db.pool.query('SELECT name FROM global_state.token_revocations ORDER BY 1');
    expect(rows).toEqual([{ name: 'kept' }, { name: 'new' }]);
  });

  it('forget what a database that was restored to an older state does not have', async () => {
    const here = await start();
    await here.add({ kind: 'token', name: 'kept', actor: 'spec' });
    await here.add({ kind: 'token', name: 'gone', actor: 'spec' });
    await eventually(() => expect(here['revision']).toBe(2));
    await db.pool.query("DELETE FROM global_state.token_revocations WHERE name = 'gone'");
    await db.pool.query('UPDATE global_state.token_revocation_head SET revision = 1');
    await eventually(() => expect([here.covers(token('gone')), here.covers(token('kept'))]).toEqual([false, true]));
  });

  it('hold while the database is away, which is one line in the log, and go on when it is back', async () => {
    const server = new URL(db.url);
    const folder = decodeURIComponent(server.hostname);
    const sockets = new Set<Socket>();
    let up = true;
    const proxy = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      if (!up) return void socket.destroy();
      const far = connect(folder.startsWith('/')
        ? { path: `${folder}/.s.PGSQL.${server.port || 5432}` } : { port: Number(server.port || 5432), host: server.hostname });
      sockets.add(far.on('error', () => undefined));
      socket.pipe(far).pipe(socket);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const pool = new Pool({
      host: '127.0.0.1', port: (proxy.address() as AddressInfo).port, user: server.username, database: server.pathname.slice(1),
    });
    pool.on('error', () => undefined);
    try {
      const [here, elsewhere] = [await start(pool), await start()];
      await here.add({ kind: 'token', name: 'a', actor: 'spec' });
      up = false;
      for (const socket of sockets) socket.destroy();
      await eventually(() => expect(warned).toHaveBeenCalledTimes(1));
      await expect(here.add({ kind: 'token', name: 'b', actor: 'spec' })).rejects.toMatchObject({ error: 'SERVICE_UNAVAILABLE' });
      await elsewhere.add({ kind: 'token', name: 'c', actor: 'spec' });
      expect([here.covers(token('a')), here.covers(token('b')), here.covers(token('c'))]).toEqual([true, false, false]);
      up = true;
      await eventually(() => expect(here.covers(token('c'))).toBe(true));
      expect(here.covers(token('a'))).toBe(true);
      expect(warned.mock.calls).toEqual([['revocations cannot be read, those known hold: the database does not answer']]);
      await Promise.all(instances.splice(0).map((instance) => instance.onModuleDestroy()));
    } finally {
      await pool.end();
      proxy.close();
      for (const socket of sockets) socket.destroy();
    }
  });

  it('that cannot be loaded keep the app from starting', async () => {
    await db.pool.query('DROP TABLE global_state.token_revocations');
    await expect(start()).rejects.toThrow('token_revocations');
  });
});
