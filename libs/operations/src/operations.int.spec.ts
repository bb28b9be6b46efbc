import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { inTransaction } from '@app/event-store';
import { type JsonObject, ServiceError } from '@app/kernel';
import { createTestDatabase, eventually, onServer, type TestDatabase } from '@app/testing';
import { Pool } from 'pg';
import { type OperationContext, OperationStopped } from './operation.js';
import { Operations, type OperationsOptions } from './operations.js';

/** A lease that a busy machine does not lose. */
const PACE = { leaseMs: 60_000, beatMs: 50, pollMs: 20 };
/** One that runs out while a spec waits for it. */
const SHORT_LEASE = { leaseMs: 2_000 };

describe('operations', () => {
  let db: TestDatabase;
  const started: Operations[] = [];
  let lines: string[];
  /** Runs wait here after each step until the gate is opened. */
  let gate: Promise<void>;
  let open: () => void;

  beforeEach(async () => {
    db = await createTestDatabase();
    await db.pool.query('CREATE TABLE steps (operation uuid, step integer, instance text)');
    lines = [];
    gate = new Promise((resolve) => (open = resolve));
  });
  afterEach(async () => {
    open();
    await Promise.all(started.splice(0).map((operations) => operations.stop()));
    await db.drop();
  });

  /** One instance; it does `count`: a row a step, saved in the transaction of the row. */
  const instance = (name: string, { pool = db.pool, ...options }: Partial<OperationsOptions> & { pool?: Pool } = {}): Operations => {
    const operations = new Operations(pool, { ...PACE, log: (line, level = 'warn') => lines.push(`${level} ${line}`), ...options });
    operations.register('count', {
      unit: 'steps', targets: ({ targets }) => (targets ?? []) as string[], run: (context) => count(context, name, pool),
    });
    operations.register('fail', { unit: 'steps', targets: () => ['fail'], run: () => Promise.reject(new Error('cannot count')) });
    started.push(operations);
    operations.start();
    return operations;
  };

  const count = async (context: OperationContext, name: string, pool: Pool): Promise<JsonObject> => {
    const { to, waitsAt } = context.parameters as { to: number; waitsAt?: number };
    for (let step = ((context.saved?.['step'] ?? 0) as number) + 1; step <= to; step += 1) {
      context.signal.throwIfAborted();
      await inTransaction(pool, async (client) => {
        await client.query('INSERT INTO steps VALUES ($1, $2, $3)', [context.id, step, name]);
        await context.save({ step }, step, client);
      });
      context.progress(step, to);
      while (step === waitsAt && await Promise.race([gate.then(() => false), sleep(10, true)])) context.signal.throwIfAborted();
    }
    return { by: name };
  };

  const submit = (operations: Operations, parameters: JsonObject, kind = 'count') =>
    operations.submit({ kind, parameters: { to: 5, ...parameters }, createdBy: 'spec' });
  const steps = async (id: string) =>
    (await db.pool.query<{ step: number; instance: string }>('SELECT step, instance FROM steps WHERE operation = $1 ORDER BY step', [id])).rows;
  const oneToFive = [1, 2, 3, 4, 5];
  const reached = (operations: Operations, id: string, status: string) =>
    eventually(async () => {
      const operation = await operations.get(id);
      expect(operation.status).toBe(status);
      return operation;
    });
  const atStep = (id: string, step: number) => eventually(async () => expect((await steps(id)).at(-1)?.step).toBe(step));

  it('are done once each, by whichever instance', async () => {
    const [one, other] = [instance('one'), instance('other')];
    const asked = await Promise.all(Array.from({ length: 12 }, (_, i) => submit(i % 2 ? one : other, {})));
    for (const { id } of asked) {
      expect(await reached(one, id, 'completed')).toMatchObject({
        kind: 'count', unit: 'steps', done: 5, total: 5, createdBy: 'spec', result: { by: expect.any(String) },
        startedAt: expect.any(Date), finishedAt: expect.any(Date),
      });
      expect((await steps(id)).map(({ step }) => step)).toEqual(oneToFive);
    }
    await eventually(() => expect(one.figures.finished.completed + other.figures.finished.completed).toBe(12));
    expect(one.figures.running).toEqual({ count: 0, fail: 0 });
    expect((await one.list({ limit: 5 })).map(({ number }) => number)).toEqual([12, 11, 10, 9, 8]);
    expect((await one.list({ limit: 5, before: 3, status: 'completed' })).map(({ number }) => number)).toEqual([2, 1]);
    expect(lines).toEqual([]);
  });

  it('are gone on with by another instance when the one that works is cut off, and it writes nothing more', async () => {
    const role = `gss_${randomUUID().slice(0, 8)}`;
    await onServer(`CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD 'spec'`);
    const url = new URL(db.url);
    [url.username, url.password] = [role, 'spec'];
    const pool = new Pool({ connectionString: url.href });
    pool.on('error', () => undefined);
    try {
      const cut = instance('cut', { pool, ...SHORT_LEASE });
      const { id } = await submit(cut, { waitsAt: 2 });
      await atStep(id, 2);
      const other = instance('other', SHORT_LEASE);
      await onServer(`ALTER ROLE ${role} NOLOGIN`);
      await eventually(async () => {
        // Again and again: one that was on its way in is seen only later.
        await onServer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`);
        expect(lines.join()).toContain('its lease ran out');
      });
      open();
      expect(await reached(other, id, 'completed')).toMatchObject({ result: { by: 'other' }, done: 5 });
      expect(await steps(id)).toEqual(oneToFive.map((step) => ({ step, instance: step > 2 ? 'other' : 'cut' })));
    } finally {
      await Promise.all(started.splice(0).map((operations) => operations.stop()));
      await pool.end();
      await onServer(`DROP ROLE ${role}`);
    }
  });

  it('let nobody write who has lost the lease without knowing it', async () => {
    let tellLate: (error: unknown) => void = () => undefined;
    const late = new Promise<unknown>((resolve) => (tellLate = resolve));
    const one = instance('one', { beatMs: 3_600_000, leaseMs: 3_600_000 });
    let runs = 0;
    const work = async (context: OperationContext): Promise<JsonObject> => {
      runs += 1;
      if (runs > 1) return late.then(() => ({ run: runs }));
      await gate;
      await inTransaction(db.pool, async (client) => {
        await client.query('INSERT INTO steps VALUES ($1, 1, $2)', [context.id, 'late']);
        await context.save({}, 1, client);
      }).then(tellLate, tellLate);
      return context.signal.throwIfAborted() as never;
    };
    one.register('slow', { unit: 'steps', targets: () => ['slow'], run: work });
    const { id } = await submit(one, {}, 'slow');
    await eventually(() => expect(runs).toBe(1));
    const other = instance('other');
    other.register('slow', { unit: 'steps', targets: () => ['slow'], run: work });
    await db.pool.query('UPDATE global_state.operations SET leased_until = now()');
    await eventually(() => expect(runs).toBe(2));
    open();
    expect(await late).toEqual(new OperationStopped('lease lost'));
    expect(await steps(id)).toEqual([]);
    expect(await reached(other, id, 'completed')).toMatchObject({ result: { run: 2 }, done: 0 });
    await eventually(() => expect(lines.join()).toContain('was taken from this instance'));
  });

  it('are handed over at a drain', async () => {
    const one = instance('one');
    const { id } = await submit(one, { waitsAt: 3, targets: ['a'] });
    await atStep(id, 3);
    await one.stop();
    const queued = await one.get(id);
    expect(queued).toMatchObject({ status: 'queued', done: 3 });
    await expect(submit(one, { targets: ['a'] })).rejects.toMatchObject({ error: 'OPERATION_CONFLICT', details: { operationId: id } });
    open();
    expect(await reached(instance('other'), id, 'completed')).toMatchObject({ result: { by: 'other' } });
    expect((await steps(id)).map(({ step }) => step)).toEqual(oneToFive);
    expect(lines).toEqual([]);
  });

  it('can be cancelled while they wait and while they run, by any instance, and resumed where they were', async () => {
    const [one, other] = [instance('one'), new Operations(db.pool, { log: () => undefined })];
    const running = await submit(one, { waitsAt: 3, targets: ['a'] });
    await atStep(running.id, 3);
    expect(await other.cancel(running.id)).toMatchObject({ status: 'cancelling' });
    expect(await reached(one, running.id, 'cancelled')).toMatchObject({ done: 3, finishedAt: expect.any(Date) });
    expect(await one.cancel(running.id)).toMatchObject({ status: 'cancelled' });
    open();
    expect(await one.resume(running.id)).toMatchObject({ status: 'queued', done: 3 });
    expect(await reached(one, running.id, 'completed')).toMatchObject({ done: 5 });
    expect((await steps(running.id)).map(({ step }) => step)).toEqual(oneToFive);
    await expect(one.resume(running.id)).rejects.toMatchObject({ error: 'INVALID_OPERATION', details: { status: 'completed' } });
    await expect(one.resume(randomUUID())).rejects.toMatchObject({ error: 'OPERATION_NOT_FOUND' });

    await one.stop();
    const waiting = await submit(one, { targets: ['a'] });
    expect(await other.cancel(waiting.id)).toMatchObject({ status: 'cancelled', done: 0 });
    expect((await submit(one, { targets: ['a'] })).status).toBe('queued');
    await expect(one.resume(waiting.id)).rejects.toMatchObject({ error: 'OPERATION_CONFLICT' });
  });

  it('begin anew when another one has worked on the same since', async () => {
    const one = instance('one');
    const first = await submit(one, { waitsAt: 2, targets: ['a', 'b'] });
    await atStep(first.id, 2);
    await one.cancel(first.id);
    await reached(one, first.id, 'cancelled');
    open();
    const between = await submit(one, { targets: ['b', 'c'] });
    await reached(one, between.id, 'completed');
    expect(await one.resume(first.id)).toMatchObject({ done: 0 });
    await reached(one, first.id, 'completed');
    expect((await steps(first.id)).map(({ step }) => step)).toEqual([1, 1, 2, 2, 3, 4, 5]);
  });

  it('that fail say why, once, and can be tried again', async () => {
    const one = instance('one');
    const { id } = await submit(one, {}, 'fail');
    expect(await reached(one, id, 'failed')).toMatchObject({ error: 'cannot count' });
    expect(lines).toEqual([`error the operation fail ${id} failed: cannot count`]);
    await eventually(() => expect(one.figures.finished).toEqual({ completed: 0, failed: 1, cancelled: 0 }));
    await one.resume(id);
    await eventually(() => expect(lines).toHaveLength(2));
    expect((await reached(one, id, 'failed')).error).toBe('cannot count');
  });

  it('that meet a database which is away are tried again, but not for ever without coming further', async () => {
    const one = instance('one');
    let failures = 0;
    one.register('away', {
      unit: 'steps', targets: () => [], run: async () => {
        failures += 1;
        if (failures === 1) throw Object.assign(new Error('terminating connection'), { code: '57P01' });
        if (failures === 2) throw new ServiceError('SERVICE_UNAVAILABLE', 'the database does not answer');
        return { failures };
      },
    });
    const { id } = await submit(one, {}, 'away');
    expect(await reached(one, id, 'completed')).toMatchObject({ result: { failures: 3 } });
    await one.stop();
    const stuck = await submit(one, {});
    await db.pool.query('UPDATE global_state.operations SET tries = 20 WHERE id = $1', [stuck.id]);
    expect(await reached(instance('other'), stuck.id, 'failed')).toMatchObject({ error: 'it was begun 20 times and came no further' });
  });

  it('that overlap are refused, whoever asks at the same moment', async () => {
    const pools = Array.from({ length: 8 }, () => new Pool({ connectionString: db.url, max: 1 }).on('error', () => undefined));
    try {
      const asking = pools.map((pool) => {
        const operations = new Operations(pool, { log: () => undefined });
        operations.register('count', { unit: 'steps', targets: ({ targets }) => targets as string[], run: async () => ({}) });
        return operations;
      });
      for (let round = 0; round < 5; round += 1) {
        const wanted = asking.map((_, i) => [`t${i % 4}`, `t${(i * 3 + round) % 4}`, `t${(i + 1) % 4}`]);
        const answers = await Promise.allSettled(asking.map((operations, i) => submit(operations, { targets: wanted[i]! })));
        const taken = answers.flatMap((answer, i) => (answer.status === 'fulfilled' ? [...new Set(wanted[i])] : []));
        expect(taken.length).toBeGreaterThan(0);
        expect(new Set(taken).size).toBe(taken.length);
        const ids = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.id] : []));
        for (const answer of answers) {
          if (answer.status === 'fulfilled') continue;
          expect(answer.reason).toMatchObject({ error: 'OPERATION_CONFLICT' });
          expect(ids).toContain((answer.reason as { details: { operationId: string } }).details.operationId);
        }
        expect(await asking[0]!.list({ limit: 100, status: 'queued' })).toHaveLength(ids.length);
        for (const id of ids) await asking[0]!.cancel(id);
      }
    } finally {
      await Promise.all(pools.map((pool) => pool.end()));
    }
  });

  it('are one for one Idempotency-Key, also for twins at the same moment', async () => {
    const one = new Operations(db.pool, { log: () => undefined });
    one.register('count', { unit: 'steps', targets: () => ['a'], run: async () => ({}) });
    const ask = (fingerprint: string) =>
      one.submit({ kind: 'count', parameters: {}, createdBy: 'spec', receipt: { key: 'k', fingerprint } });
    const twins = await Promise.all(Array.from({ length: 8 }, () => ask('same')));
    expect(new Set(twins.map(({ id }) => id)).size).toBe(1);
    await expect(ask('other')).rejects.toMatchObject({ error: 'IDEMPOTENCY_KEY_REUSED' });
    await expect(submit(one, {}, 'unheard')).rejects.toMatchObject({ error: 'INVALID_OPERATION' });
  });
});
