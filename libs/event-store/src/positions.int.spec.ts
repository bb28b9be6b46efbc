import { randomInt, randomUUID } from 'node:crypto';
import { type AggregateRef, type Op, ServiceError, type StoredEvent } from '@app/kernel';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import { Client } from 'pg';
import { EventStore } from './event-store.js';
import { appendGroup } from './sql/append-group.js';
import { EventSource, freeze, unborn } from './writer/advance.js';
import type { Command } from './writer/command.js';
import type { AppendObserver } from './writer/observer.js';

const silent: AppendObserver = { groupCommitted: () => undefined, verdict: () => undefined };

/** Adds one to `/n`; with an expectation it is refused elsewhere. */
function increment(ref: AggregateRef, expected?: number): Command {
  return {
    aggregates: [ref],
    context: { actor: 'spec' },
    decide: ([state]) => {
      if (expected !== undefined && state!.version !== expected) {
        throw new ServiceError('VERSION_CONFLICT', 'moved', { currentVersion: state!.version });
      }
      const result = Number(state!.data['n'] ?? 0) + 1;
      const op: Op = ['inc', '/n', 'sum', 1, result];
      return [[{ type: 'Counted', schemaVersion: 1, data: {}, ops: [op] }]];
    },
  };
}

function player(): AggregateRef {
  return { type: 'player', id: randomUUID() };
}

describe('positions', () => {
  let db: TestDatabase;
  const stores: EventStore[] = [];

  const open = (more: object = {}): EventStore => {
    const store = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url, ...more }, silent);
    stores.push(store);
    return store;
  };

  beforeEach(async () => {
    db = await createTestDatabase();
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await db.drop();
  });

  it('are dense, in commit order and never skipped by a tail, whatever else happens', async () => {
    // A transaction in another database holds back the server's oldest xid: a feed that leaned on xmin would stall.
    const elsewhere = await createTestDatabase();
    const held = new Client({ connectionString: elsewhere.url });
    await held.connect();
    await held.query('BEGIN');
    await held.query('SELECT pg_current_xact_id()');

    const instances = [open(), open({ lanes: 3, maxGroupEvents: 16 })];
    const refs = Array.from({ length: 20 }, player);
    const stop = new AbortController();
    const seen: StoredEvent[] = [];
    const tail = (async () => {
      for await (const events of instances[0]!.feed.tail(0, 0, stop.signal)) seen.push(...events);
    })();

    let accepted = 0;
    let refused = 0;
    await Promise.all(Array.from({ length: 32 }, async (_, writer) => {
      const store = instances[writer % 2]!;
      for (let i = 0; i < 60; i += 1) {
        const ref = refs[randomInt(refs.length)]!;
        const roll = randomInt(10);
        if (roll === 0) await rolledBackAppend(db.url);
        const expected = roll < 4 ? (await store.readState(ref))?.version ?? 0 : undefined;
        await store.execute(increment(ref, expected)).then(() => (accepted += 1), (error: unknown) => {
          expect(error).toMatchObject({ error: 'VERSION_CONFLICT' });
          refused += 1;
        });
      }
    }));
    expect(accepted + refused).toBe(32 * 60);
    expect(refused).toBeGreaterThan(0);

    await eventually(() => expect(seen).toHaveLength(accepted));
    stop.abort();
    await tail;
    expect(seen.map((event) => event.position)).toEqual(Array.from({ length: accepted }, (_, i) => i + 1));
    const times = seen.map((event) => event.committedAt.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
    for (const ref of refs) {
      const versions = seen.filter((event) => event.ref.id === ref.id).map((event) => event.version);
      expect(versions).toEqual(versions.map((_, i) => i + 1));
      expect(await db.pool.query('SELECT data FROM global_state.aggregate_states WHERE aggregate_id = $1', [ref.id]))
        .toMatchObject({ rows: versions.length > 0 ? [{ data: { n: versions.length } }] : [] });
    }
    await held.query('COMMIT');
    await held.end();
    await elsewhere.drop();
  });

  it('are not taken by an append that is rolled back', async () => {
    const store = open();
    await store.execute(increment(player()));
    await rolledBackAppend(db.url);
    await store.execute(increment(player()));
    expect((await store.readLog(0, 10)).map((event) => event.position)).toEqual([1, 2]);
  });

  it('show that the test can fail: a log with a hole is refused by the tail', async () => {
    const store = open();
    for (let i = 0; i < 3; i += 1) await store.execute(increment(player()));
    await db.pool.query('ALTER TABLE global_state.events DISABLE TRIGGER append_only');
    await db.pool.query('DELETE FROM global_state.events WHERE position = 2');
    const reading = store.feed.tail(0, 0, new AbortController().signal).next();
    await expect(reading).rejects.toThrow('the log has a hole: position 3 follows 1');
  });

  it('cannot be changed or removed, nor can anything else of an event', async () => {
    const store = open();
    await store.execute(increment(player()));
    for (const statement of ['UPDATE global_state.events SET event_type = $$x$$', 'DELETE FROM global_state.events',
      'TRUNCATE global_state.events']) {
      await expect(db.pool.query(statement)).rejects.toThrow('append-only');
    }
  });
});

/** Appends one event in a transaction that is then rolled back, as a writer that dies before its commit does. */
async function rolledBackAppend(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const ref = { type: 'player', id: randomUUID() };
  const draft = { type: 'Lost', schemaVersion: 1, data: {}, ops: [] };
  const { event, state } = new EventSource('spec').advance(unborn(ref), draft, { actor: 'spec' });
  const record = { states: [{ base: 0, after: state, frozen: freeze(state) }], events: [event], receipts: [] };
  await client.query('BEGIN');
  const [verdict] = await appendGroup(client, [record], 'spec', false);
  if (!verdict?.accepted) throw new Error('the append that is to be rolled back was refused');
  await client.query('ROLLBACK');
  await client.end();
}
