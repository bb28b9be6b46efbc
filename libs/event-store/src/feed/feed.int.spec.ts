import { randomUUID } from 'node:crypto';
import type { Op } from '@app/kernel';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import { EventStore } from '../event-store.js';

describe('feed', () => {
  let db: TestDatabase;
  let store: EventStore;
  let stop: AbortController;

  beforeEach(async () => {
    db = await createTestDatabase();
    stop = new AbortController();
    // No poll within the test: whatever arrives was told by a notification.
    store = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url, pollMs: 3_600_000 }, {
      groupCommitted: () => undefined, verdict: () => undefined,
    });
    await db.pool.query('CREATE TABLE handled (position bigint)');
  });
  afterEach(async () => {
    stop.abort();
    await store.close();
    await db.drop();
  });

  const append = async (count = 1): Promise<void> => {
    const op: Op = ['set', '/a', 'lww', 1];
    for (let i = 0; i < count; i += 1) {
      await store.execute({
        aggregates: [{ type: 'world', id: randomUUID() }],
        context: { actor: 'spec' },
        decide: () => [[{ type: 'Seen', schemaVersion: 1, data: {}, ops: [op] }]],
      });
    }
  };

  const handled = async (): Promise<number[]> =>
    (await db.pool.query<{ position: string }>('SELECT position FROM handled ORDER BY 1')).rows.map((row) => Number(row.position));

  it('is woken by a notification, also after its connection was cut', async () => {
    const seen: number[] = [];
    const tail = (async () => {
      for await (const events of store.feed.tail(0, 0, stop.signal)) seen.push(...events.map((event) => event.position));
    })();
    await append();
    await eventually(() => expect(seen).toEqual([1]));
    await db.pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'gss-listen' AND datname = current_database()`);
    await append();
    await eventually(() => expect(seen).toEqual([1, 2]));
    stop.abort();
    await tail;
  });

  it('outlives the end of its connection between two statements of a batch', async () => {
    await append(3);
    let cuts = 0;
    const consumer = store.feed.consume('spec', 0, async (client, events) => {
      const [{ pid }] = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows as [{ pid: number }];
      if (cuts === 0) {
        cuts += 1;
        const ended = new Promise((resolve) => client.once('end', resolve));
        await db.pool.query('SELECT pg_terminate_backend($1)', [pid]);
        await ended;
      }
      for (const event of events) await client.query('INSERT INTO handled VALUES ($1)', [event.position]);
    }, stop.signal);
    await eventually(async () => expect(await handled()).toEqual([1, 2, 3]));
    stop.abort();
    await consumer;
  });

  it('hands each event to a durable consumer once, though it fails half way and two instances compete', async () => {
    await append(20);
    let failures = 0;
    const consume = (): Promise<void> => store.feed.consume('spec', 0, async (client, events) => {
      for (const event of events) await client.query('INSERT INTO handled VALUES ($1)', [event.position]);
      if (failures === 0) {
        failures += 1;
        throw new Error('half way');
      }
    }, stop.signal);
    await expect(consume()).rejects.toThrow('half way');
    expect(await handled()).toEqual([]);
    const consumers = [consume(), consume()];
    await append(20);
    await eventually(async () => expect(await handled()).toHaveLength(40));
    stop.abort();
    await Promise.all(consumers);
    expect(await handled()).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });
});
