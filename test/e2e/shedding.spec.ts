import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LayeredCache } from '@app/cache';
import { poolOf } from '@app/event-store';
import { eventually } from '@app/testing';
import { DataSource } from 'typeorm';
import { Agent, fetch as fetchOver } from 'undici';
import { type Answer, fresh, type Service, startService } from './support/service.js';

const PROBES = ['/livez', '/readyz', '/metrics', '/api/v1/health'];

describe('under overload', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ RATE_LIMIT_PER_MINUTE: '0' });
  });
  afterAll(async () => {
    await service.stop();
  });

  const shedFor = async (reason: string): Promise<number> =>
    Number(new RegExp(`^gss_shed_total{reason="${reason}"} (\\d+)$`, 'm').exec((await service.ask('GET', '/metrics')).text)?.[1]);

  const isShed = ({ status, headers, body }: Answer): boolean => {
    if (status !== 503) return false;
    expect(headers.get('retry-after')).toBe('1');
    expect(headers.get('x-request-id')).toBeTruthy();
    expect(body).toMatchObject({ error: 'SERVICE_UNAVAILABLE', code: '503', message: expect.any(String), timestamp: expect.any(String) });
    return true;
  };

  const expectProbesAnswer = async (): Promise<void> => {
    const answers = await Promise.all(PROBES.map((path) => service.ask('GET', path, { token: null })));
    expect(answers.map(({ status }) => status)).toEqual(PROBES.map(() => 200));
  };

  /** Made, and in memory: a look at the log may overtake the answer of the commit, and then it is not yet. */
  const remembered = async (): Promise<ReturnType<typeof fresh>> => {
    const at = fresh();
    await service.ask('PUT', at.state, { body: { changes: { level: 1 }, expectedVersion: 0 } });
    await eventually(async () => {
      expect((await service.ask('GET', at.state)).status).toBe(200);
      expect(service.app.get(LayeredCache).l1.peek(`player/${at.id}`)).toBeDefined();
    });
    return at;
  };

  it('a hiccup of the event loop refuses nothing', async () => {
    const at = fresh();
    await service.ask('PUT', at.state, { body: { changes: { level: 1 }, expectedVersion: 0 } });
    // A busy machine may make an overload of it, which is over a second after its last long turn: then once more.
    await eventually(async () => {
      await sleep(1000);
      const statuses = await sendThenBlock(service.url, Array.from({ length: 20 }, () => at.state), service.token('service'), 500);
      expect(statuses).toEqual(statuses.map(() => 200));
    });
  });

  it('a blocked event loop refuses what waited, but no probe, and recovers', async () => {
    const at = fresh();
    await service.ask('PUT', at.state, { body: { changes: { level: 1 }, expectedVersion: 0 } });
    const before = await shedFor('event_loop');
    // All are on the wire before the turn that blocks; what has arrived is read in the same turn, after it.
    const paths = [...Array.from({ length: 20 }, () => at.state), ...PROBES];
    const asked = await sendThenBlock(service.url, paths, service.token('service'), 1500);
    const [reads, probes] = [asked.slice(0, 20), asked.slice(20)];
    expect(probes).toEqual(PROBES.map(() => 200));
    expect(reads).toContain(503);
    const peak = /^gss_event_loop_delay_seconds (\S+)$/m.exec((await service.ask('GET', '/metrics')).text)?.[1];
    expect(Number(peak)).toBeGreaterThan(0.25); // it is forgotten after a second
    expect(await shedFor('event_loop')).toBe(before + reads.filter((status) => status === 503).length);
    await eventually(async () => expect((await service.ask('GET', at.state)).status).toBe(200));
  });

  it('an append queue that stands still refuses writes, not reads, and loses nothing it took', async () => {
    const at = fresh();
    await service.ask('PUT', at.state, { body: { changes: { level: 1 }, expectedVersion: 0 } });
    const holder = await service.db.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT * FROM global_state.log_heads FOR UPDATE');
    const event = (): object => ({ eventType: 'Joined', aggregateType: 'world', aggregateId: randomUUID(), eventData: { a: 1 } });
    const batches = Array.from({ length: 22 }, () => Array.from({ length: 50 }, event));
    const taken = batches.map((events) => service.ask('POST', '/api/v1/events/batch', { body: { events } }));
    await eventually(async () => {
      expect(Number(/^gss_append_queue_depth (\d+)$/m.exec((await service.ask('GET', '/metrics')).text)?.[1])).toBeGreaterThanOrEqual(1024);
    });
    const writes = () => service.ask('POST', '/api/v1/events', { body: event() });
    // What was settled in the last second counts as capacity: it is gone after that second.
    await eventually(async () => {
      const begun = performance.now();
      expect(isShed(await Promise.race([writes(), still()]))).toBe(true);
      expect(performance.now() - begun).toBeLessThan(500);
    });
    await expectProbesAnswer();
    expect((await service.ask('GET', at.state)).status).toBe(200);
    expect(await shedFor('append_queue')).toBeGreaterThan(0);
    await holder.query('COMMIT');
    holder.release();
    const verdicts = (await Promise.all(taken)).flatMap(({ body }) => (body.results ?? []) as { eventId?: string }[]);
    const acknowledged = verdicts.flatMap(({ eventId }) => eventId ?? []);
    const { rows } = await service.db.pool.query<{ id: string }>('SELECT event_id AS id FROM global_state.events');
    const stored = new Set(rows.map(({ id }) => id));
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(1024);
    await eventually(async () => expect((await writes()).status).toBe(201));
  });

  it('a pool with no connection to give refuses reads, not writes, and recovers', async () => {
    const at = await remembered();
    const pool = poolOf(service.app.get(DataSource));
    const held = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
    const fromDatabase = `${at.state}?consistency=strong`;
    const waiting = service.ask('GET', fromDatabase);
    await eventually(async () => {
      expect(isShed(await Promise.race([service.ask('GET', fromDatabase), still()]))).toBe(true);
    });
    await eventually(async () => expect((await service.ask('GET', at.state)).status).toBe(200)); // from memory: no connection is asked for
    await expectProbesAnswer();
    expect(await service.ask('PATCH', at.state, { body: { level: 2 }, headers: { 'content-type': 'application/merge-patch+json' } }))
      .toMatchObject({ status: 200 });
    expect((await service.ask('GET', '/api/v1/nowhere')).status).toBe(404);
    expect(await shedFor('database_pool')).toBeGreaterThan(0);
    for (const client of held) client.release();
    expect((await waiting).status).toBe(200);
    await eventually(async () => expect((await service.ask('GET', fromDatabase)).status).toBe(200));
  });

  it('states that are not read refuse further reads, though the pool has connections, and recover', async () => {
    const at = await remembered();
    const pool = poolOf(service.app.get(DataSource));
    const before = await shedFor('database_pool');
    const holder = await service.db.pool.connect();
    const waiting: Promise<Answer>[] = [];
    try {
      await holder.query('BEGIN; LOCK TABLE global_state.aggregate_state_builds IN ACCESS EXCLUSIVE MODE');
      await eventually(async () => {
        const asked = service.ask('GET', fresh().state);
        waiting.push(asked);
        expect(isShed(await Promise.race([asked, still()]))).toBe(true);
      });
      expect(pool.waitingCount).toBe(0);
      await eventually(async () => expect((await service.ask('GET', at.state)).status).toBe(200));
      await expectProbesAnswer();
      expect(await shedFor('database_pool')).toBeGreaterThan(before);
    } finally {
      await holder.query('COMMIT');
      holder.release();
    }
    expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set([404, 503]));
    await eventually(async () => expect((await service.ask('GET', fresh().state)).status).toBe(404));
  });
});

/** Stands for an answer that does not come: it must not hold the next try up. */
function still(): Promise<Answer> {
  return new Promise((resolve) => {
    setTimeout(() => resolve({ status: 0, headers: new Headers(), body: {}, text: '' }), 500).unref();
  });
}

/** Requests over open connections, one each, whose bytes are with the kernel before this process stops to turn. */
async function sendThenBlock(url: string, paths: readonly string[], token: string, blockMs: number): Promise<number[]> {
  const agents = paths.map(() => new Agent({ pipelining: 1, connections: 1 }));
  const ask = async (i: number): Promise<number> => {
    const answer = await fetchOver(`${url}${paths[i]}`, { headers: { authorization: `Bearer ${token}` }, dispatcher: agents[i]! });
    await answer.text();
    return answer.status;
  };
  await Promise.all(paths.map((_, i) => ask(i)));
  const answers = paths.map((_, i) => ask(i));
  await new Promise<void>((resolve) => {
    setImmediate(() => {
      const until = performance.now() + blockMs;
      while (performance.now() < until);
      resolve();
    });
  });
  const statuses = await Promise.all(answers);
  await Promise.all(agents.map((agent) => agent.close()));
  return statuses;
}
