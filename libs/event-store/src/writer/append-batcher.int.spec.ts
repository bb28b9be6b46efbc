import { randomUUID } from 'node:crypto';
import { type AggregateRef, type Op, ServiceError } from '@app/kernel';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import { EventStore, type EventStoreOptions } from '../event-store.js';
import type { Command } from './command.js';
import type { AppendVerdict } from './observer.js';

function increment(ref: AggregateRef, more: Partial<Command> & { expected?: number; serverId?: string } = {}): Command {
  const { expected, serverId, ...rest } = more;
  return {
    aggregates: [ref],
    context: { actor: 'spec', serverId },
    decide: ([state]) => {
      if (expected !== undefined && state!.version !== expected) {
        throw new ServiceError('VERSION_CONFLICT', 'moved', { currentVersion: state!.version });
      }
      const op: Op = ['inc', '/n', 'sum', 1, Number(state!.data['n'] ?? 0) + 1];
      return [[{ eventId: rest.publisherEvent?.eventId, type: 'Counted', schemaVersion: 1, data: {}, ops: [op] }]];
    },
    ...rest,
  };
}

const player = (): AggregateRef => ({ type: 'player', id: randomUUID() });

describe('group append', () => {
  let db: TestDatabase;
  let verdicts: Partial<Record<AppendVerdict, number>>;
  const stores: EventStore[] = [];

  const open = (more: Partial<EventStoreOptions> = {}): EventStore => {
    const store = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url, ...more }, {
      groupCommitted: () => undefined,
      verdict: (kind, count = 1) => (verdicts[kind] = (verdicts[kind] ?? 0) + count),
    });
    stores.push(store);
    return store;
  };

  const value = async (ref: AggregateRef): Promise<unknown> =>
    (await db.pool.query('SELECT data, version FROM global_state.aggregate_states WHERE aggregate_id = $1', [ref.id])).rows[0];

  const terminate = async (application: string): Promise<number> => (await db.pool.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()',
    [application])).rows.length;

  beforeEach(async () => {
    verdicts = {};
    db = await createTestDatabase();
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await db.drop();
  });

  it('loses no increment of one aggregate that several instances write at once, and none of them starves', async () => {
    const ref = player();
    const instances = [open(), open(), open()];
    await Promise.all(instances.map(async (store) => {
      const lanes = Array.from({ length: 16 }, async () => {
        for (let i = 0; i < 20; i += 1) await store.execute(increment(ref));
      });
      await Promise.all(lanes);
    }));
    expect(await value(ref)).toEqual({ data: { n: 960 }, version: '960' });
    expect(verdicts.conflict).toBeGreaterThan(0); // the instances really were in each other's way
  });

  it('appends once what was sent again because its connection was cut', async () => {
    const store = open();
    const refs = Array.from({ length: 30 }, player);
    const counts = refs.map(() => 0);
    let acknowledged = 0;
    let cuts = 0;
    await Promise.all(refs.map(async (ref, i) => {
      while (acknowledged < 600 || cuts < 10) { // connections that were cut, some of them in the middle of an append
        await store.execute(increment(ref));
        counts[i]! += 1;
        acknowledged += 1;
        if (acknowledged % 15 === 0) cuts += await terminate('gss-append');
      }
    }));
    for (const [i, ref] of refs.entries()) expect(await value(ref)).toEqual({ data: { n: counts[i] }, version: String(counts[i]) });
  });

  it('refuses a poisonous item alone: its neighbours in the group and in the chain are appended', async () => {
    const store = open({ lanes: 1 });
    const shared = player();
    const good = Array.from({ length: 20 }, player);
    const answers = await Promise.allSettled([
      ...good.map((ref) => store.execute(increment(ref))),
      store.execute(increment(shared)),
      store.execute(increment(shared, { serverId: 'no text in PostgreSQL holds \u0000' })),
      store.execute(increment(shared)),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([
      ...good.map(() => 'fulfilled'), 'fulfilled', 'rejected', 'fulfilled']);
    expect(await value(shared)).toEqual({ data: { n: 2 }, version: '2' });
    expect(verdicts).toMatchObject({ appended: 22, failed: 1 });
  });

  it('does not keep others waiting for a group that waits for a key of somebody else', async () => {
    const store = open();
    const other = await db.pool.connect();
    await other.query('BEGIN');
    await other.query("INSERT INTO global_state.command_receipts (key, fingerprint, refs) VALUES ('held', 'f', '[]')");
    const ends: string[] = [];
    const held = store.execute(increment(player(), { receipt: { key: 'held', fingerprint: 'f' } })).finally(() => ends.push('held'));
    await eventually(async () => expect((await db.pool.query(
      "SELECT FROM pg_stat_activity WHERE application_name = 'gss-append' AND wait_event_type = 'Lock' AND datname = current_database()")).rows).toHaveLength(1));
    await store.execute(increment(player())).finally(() => ends.push('free'));
    await other.query('ROLLBACK');
    other.release();
    await held;
    expect(ends).toEqual(['free', 'held']);
  });

  it('refuses what it has no room for, at once, and says when to come again', async () => {
    const store = open({ maxQueued: 5 });
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => store.execute(increment(player()))));
    const refused = answers.filter((answer) => answer.status === 'rejected');
    expect(refused).toHaveLength(3);
    expect(refused[0]!.reason).toMatchObject({ error: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 1 });
    await expect(store.execute(increment(player()))).resolves.toBeDefined(); // the queue is free again
  });

  it('does not refuse for a state that another instance has moved on since', async () => {
    const [here, there] = [open(), open()];
    const ref = player();
    await here.execute(increment(ref)); // version 1 is kept in memory here
    await there.execute(increment(ref));
    await expect(here.execute(increment(ref, { expected: 2 }))).resolves.toMatchObject({ events: [{ version: 3 }] });
    await expect(there.execute(increment(ref, { expected: 2 }))).rejects.toMatchObject({
      error: 'VERSION_CONFLICT', details: { currentVersion: 3 },
    });
  });

  it('hears of what another instance wrote from the log, and is not refused first', async () => {
    const [here, there] = [open(), open()];
    const ref = player();
    const stop = new AbortController();
    const looks = here.changes.follow(stop.signal);
    await looks.next(); // where the log stood
    const following = (async () => { while (!(await looks.next()).done); })();
    await here.execute(increment(ref));
    await there.execute(increment(ref));
    await eventually(() => expect(here.idleStates.count).toBe(0));
    await here.execute(increment(ref));
    expect(verdicts).toEqual({ appended: 3 });
    stop.abort();
    await following;
  });

  it('gives twins of one key one effect and one answer, on whatever instance they run', async () => {
    const instances = [open(), open()];
    const ref = player();
    const receipt = { key: 'k', fingerprint: 'f' };
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) =>
      instances[i % 2]!.execute(increment(ref, { receipt }))));
    expect(await value(ref)).toEqual({ data: { n: 1 }, version: '1' });
    expect(answers.filter((answer) => !answer.duplicate)).toHaveLength(1);
    expect(new Set(answers.map((answer) => JSON.stringify(answer.events))).size).toBe(1);
    await expect(instances[0]!.execute(increment(ref, { receipt: { key: 'k', fingerprint: 'other' } })))
      .rejects.toMatchObject({ error: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('takes a key again after 24 hours', async () => {
    const store = open();
    const ref = player();
    const receipt = { key: 'k', fingerprint: 'f' };
    await store.execute(increment(ref, { receipt }));
    await db.pool.query(`UPDATE global_state.command_receipts SET created_at = now() - interval '25 hours'`);
    await expect(store.execute(increment(ref, { receipt }))).resolves.toMatchObject({ duplicate: false });
    await expect(store.execute(increment(ref, { receipt }))).resolves.toMatchObject({ duplicate: true });
    expect(await value(ref)).toEqual({ data: { n: 2 }, version: '2' });
  });

  it('gives twins of one event id one effect, also in one batch', async () => {
    const instances = [open(), open()];
    const ref = player();
    const publisherEvent = { eventId: randomUUID(), sameAs: () => true };
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) =>
      instances[i % 2]!.execute(increment(ref, { publisherEvent }))));
    expect(await value(ref)).toEqual({ data: { n: 1 }, version: '1' });
    expect(new Set(answers.map((answer) => answer.events[0]!.version))).toEqual(new Set([1]));
  });

  it('appends to several aggregates all or nothing, from both directions at once, without a deadlock', async () => {
    const instances = [open(), open()];
    const refs = Array.from({ length: 6 }, player);
    const move = (from: AggregateRef, to: AggregateRef): Command => ({
      aggregates: [from, to],
      context: { actor: 'spec' },
      decide: (states) => states.map((state, i) => {
        const delta = i === 0 ? -1 : 1;
        const op: Op = ['inc', '/n', 'sum', delta, Number(state.data['n'] ?? 0) + delta];
        return [{ type: 'Moved', schemaVersion: 1, data: {}, ops: [op] }];
      }),
    });
    await Promise.all(Array.from({ length: 200 }, (_, i) =>
      instances[i % 2]!.execute(move(refs[i % 6]!, refs[(i + 1 + (i % 5)) % 6]!))));
    const states = await Promise.all(refs.map(async (ref) => await value(ref) as { data: { n: number } } | undefined));
    expect(states.reduce((sum, state) => sum + (state?.data.n ?? 0), 0)).toBe(0);
  });

  it('answers everything it took before it closes', async () => {
    const store = open();
    const answers = Promise.all(Array.from({ length: 100 }, () => store.execute(increment(player()))));
    await store.drain();
    expect(store.queueDepth).toBe(0);
    await expect(answers).resolves.toHaveLength(100);
    await expect(store.execute(increment(player()))).rejects.toMatchObject({ error: 'SERVICE_UNAVAILABLE' });
  });
});
