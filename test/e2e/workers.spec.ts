import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecret, signToken } from '@app/auth';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import { Agent, request } from 'undici';
import { Program } from './support/process.js';

const JWT_SECRET = generateSecret();
const TOKEN = signToken(JWT_SECRET, { sub: 'spec', roles: ['service'] }, 600);
const WORKERS = 3;

describe('several workers', () => {
  let db: TestDatabase;
  let service: Program;
  let url: string;
  beforeEach(async () => {
    db = await createTestDatabase();
    service = new Program('main', { DATABASE_URL: db.url, JWT_SECRET, PORT: '0', WORKERS: String(WORKERS), LOG_LEVEL: 'debug' });
    url = await service.listening();
  });
  afterEach(async () => {
    service.signal('SIGKILL');
    await service.ended;
    await db.drop();
  });

  /** The processes that say they answered a write, by their log. */
  const answering = (): Set<number> => new Set(records(service.output)
    .filter(({ msg, method }) => msg === 'request answered' && method === 'POST').map(({ pid }) => pid));

  it('all answer on one port, and end with 0 when told to', async () => {
    expect(service.output).toContain(`${WORKERS} workers`);
    await eventually(async () => {
      expect((await publish(url)).status).toBe(201);
      expect(answering().size).toBe(WORKERS);
    });
    expect(answering()).not.toContain(service.pid);
    service.signal('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(service.output).not.toContain('shutdown');
    expect([...answering()].filter(isRunning)).toEqual([]);
  });

  it('count together, also those that died or do not answer', async () => {
    const sum = async (): Promise<Record<string, number>> => figures(await (await fetch(`${url}/metrics`)).text());
    await Promise.all(Array.from({ length: 30 }, async () => expect((await publish(url)).status).toBe(201)));
    // One that is kept from answering for a second is late.
    await eventually(async () => {
      expect(await sum()).toMatchObject({
        'gss_append_verdicts_total{verdict="appended"}': 30, 'gss_append_queue_depth{}': 0,
        'gss_workers{state="answered"}': WORKERS, 'gss_workers{state="late"}': 0, 'gss_worker_restarts_total{}': 0,
      });
    });
    const sockets = await Promise.all(Array.from({ length: 12 }, () => openSocket(url)));
    await eventually(async () => {
      const { activeConnections } = await (await fetch(`${url}/api/v1/health`)).json() as { activeConnections: number };
      expect(activeConnections).toBeGreaterThanOrEqual(12);
    });
    for (const socket of sockets) socket.destroy();
    expect((await sum())['gss_process_start_time_seconds{}']).toBeLessThanOrEqual(Date.now() / 1000);

    const [victim, sleeper] = childrenOf(service.pid);
    process.kill(victim!, 'SIGKILL');
    await eventually(async () => {
      expect(await sum()).toMatchObject({
        'gss_append_verdicts_total{verdict="appended"}': 30, 'gss_workers{state="answered"}': WORKERS, 'gss_worker_restarts_total{}': 1,
      });
    });
    process.kill(sleeper!, 'SIGSTOP');
    try {
      // Round robin gives the sleeper its share of connections; those that go to others are answered.
      await eventually(async () => {
        const answer = await request(`${url}/metrics`, { headersTimeout: 2500, dispatcher: new Agent({ pipelining: 0 }) });
        expect(figures(await answer.body.text())).toMatchObject({
          'gss_append_verdicts_total{verdict="appended"}': 30, 'gss_workers{state="answered"}': WORKERS - 1, 'gss_workers{state="late"}': 1,
        });
      });
    } finally {
      process.kill(sleeper!, 'SIGCONT');
    }
  });

  it('replaces one that is killed under load, and loses nothing that was acknowledged', async () => {
    const acknowledged: string[] = [];
    let stop = false;
    // Each request on a connection of its own: some are on their way to a worker when it dies.
    const writer = async (): Promise<void> => {
      while (!stop) {
        const id = randomUUID();
        const status = await publish(url, id).then((answer) => answer.status, (error: { code: string }) => error.code);
        if (status === 201) acknowledged.push(id);
        else expect(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 503]).toContain(status);
      }
    };
    const writers = Array.from({ length: 8 }, writer);
    for (let kill = 1; kill <= 3; kill += 1) {
      const before = acknowledged.length;
      await eventually(() => expect(acknowledged.length).toBeGreaterThan(before + 50));
      const victim = childrenOf(service.pid)[0]!;
      process.kill(victim, 'SIGKILL');
      await eventually(async () => {
        expect(service.output).toContain(`Worker ${victim} ended (SIGKILL); another one starts`);
        expect(childrenOf(service.pid)).toHaveLength(WORKERS);
        expect(figures(await (await fetch(`${url}/metrics`)).text())['gss_workers{state="answered"}']).toBe(WORKERS);
      });
    }
    stop = true;
    await Promise.all(writers);
    const { rows } = await db.pool.query<{ id: string }>('SELECT aggregate_id AS id FROM global_state.events');
    const stored = new Set(rows.map(({ id }) => id));
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  });

  it('answer what is in flight before they end', async () => {
    const holder = await db.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT * FROM global_state.log_heads FOR UPDATE');
    const answers = Array.from({ length: 30 }, () => publish(url));
    await eventually(async () => {
      expect(figures(await (await fetch(`${url}/metrics`)).text())).toMatchObject({ 'gss_append_queue_depth{}': 30 });
    });
    service.signal('SIGTERM');
    await eventually(async () => {
      expect(await fetch(`${url}/readyz`).then((answer) => answer.status, () => 503)).toBe(503);
    });
    await holder.query('COMMIT');
    holder.release();
    expect((await Promise.all(answers)).map((answer) => answer.status)).toEqual(answers.map(() => 201));
    expect([await service.ended, service.output]).toEqual([0, expect.not.stringContaining('shutdown')]);
  });

  it('end at once on a second signal', async () => {
    const holder = await db.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT * FROM global_state.log_heads FOR UPDATE');
    const answer = publish(url).catch(() => 'cut');
    await eventually(async () => {
      expect(figures(await (await fetch(`${url}/metrics`)).text())).toMatchObject({ 'gss_append_queue_depth{}': 1 });
    });
    const workers = childrenOf(service.pid);
    service.signal('SIGTERM');
    await eventually(async () => expect(await fetch(`${url}/readyz`).then(({ status }) => status, () => 503)).toBe(503));
    service.signal('SIGTERM');
    expect(await service.ended).toBe(1);
    expect(await answer).toBe('cut');
    await eventually(() => expect(workers.filter(isRunning)).toEqual([]));
    await holder.query('ROLLBACK');
    holder.release();
  });

  it('do not outlive a primary that is killed', async () => {
    const workers = childrenOf(service.pid);
    expect(workers).toHaveLength(WORKERS);
    service.signal('SIGKILL');
    await service.ended;
    await eventually(() => expect(workers.filter(isRunning)).toEqual([]));
  });

  it('come back on the same port when all of them died', async () => {
    const workers = childrenOf(service.pid);
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    await eventually(async () => expect((await publish(url)).status).toBe(201));
    await eventually(() => expect(childrenOf(service.pid).filter((pid) => workers.includes(pid))).toEqual([]));
  });
});

describe('workers that cannot start', () => {
  it('are one line and exit code 1 when the port is taken', async () => {
    const db = await createTestDatabase();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const service = new Program('main', { DATABASE_URL: db.url, JWT_SECRET, PORT: String(port), LOG_LEVEL: 'silent', WORKERS: '3' });
    const code = await service.ended;
    other.close();
    expect(code).toBe(1);
    expect(service.output).toBe(`Port ${port} is in use: stop what listens there, or set PORT\n`);
    await db.drop();
  });

  it('share an embedded PostgreSQL, which ends after them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gss-workers-'));
    const service = new Program('main', { DATA_DIR: folder, PORT: '0', WORKERS: '2' });
    const url = await service.listening();
    await eventually(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200)); // a busy machine may ask for it too early
    service.signal('SIGTERM');
    expect([await service.ended, service.output]).toEqual([0, expect.not.stringContaining('shutdown')]);
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    [{ WORKERS: '0' }, /^Wrong configuration: WORKERS .*\n$/],
    [{ WORKERS: '65' }, /^Wrong configuration: WORKERS .*\n$/],
    [{ WORKERS: 'two' }, /^Wrong configuration: WORKERS must be a whole number\n$/],
    [{ WORKERS: '6' }, /^The embedded PostgreSQL has connections for 5 workers: .*\n$/],
    [{ WORKERS: '2', DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/x', JWT_SECRET }, /^No PostgreSQL answers at 127.0.0.1:1\/x .*\n$/],
  ])('say so for %j', async (env, line) => {
    const service = new Program('main', env);
    expect(await service.ended).toBe(1);
    expect(service.output).toMatch(line);
  });
});

/** Over a connection of its own: connections, not requests, are what is spread over workers. */
function publish(url: string, aggregateId: string = randomUUID()): ReturnType<typeof send> {
  return send(`${url}/api/v1/events`, { eventType: 'Joined', aggregateType: 'world', aggregateId, eventData: { a: 1 } });
}

async function send(url: string, body: unknown): Promise<{ status: number }> {
  const dispatcher = new Agent();
  try {
    const answer = await request(url, {
      method: 'POST', dispatcher, headersTimeout: 20_000, body: JSON.stringify(body),
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    });
    await answer.body.dump();
    return { status: answer.statusCode };
  } finally {
    void dispatcher.destroy();
  }
}

async function openSocket(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

function records(output: string): { msg: string; method: string; pid: number }[] {
  return output.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}')).map((line) => JSON.parse(line));
}

function figures(text: string): Record<string, number> {
  return Object.fromEntries([...text.matchAll(/^(\w+)(\{.*?\})? (\S+)$/gm)].map(([, name, labels, value]) => [`${name}${labels ?? '{}'}`, Number(value)]));
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
