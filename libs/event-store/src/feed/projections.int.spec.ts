import { randomUUID } from 'node:crypto';
import type { Op } from '@app/kernel';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import { EventStore } from '../event-store.js';
import { inTransaction } from '../sql/transaction.js';
import type { ConsumeBatch } from './feed.js';
import { Projections } from './projections.js';

describe('projections', () => {
  let db: TestDatabase;
  let store: EventStore;
  let projections: Projections;
  let lines: string[];

  beforeEach(async () => {
    db = await createTestDatabase();
    store = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url }, { groupCommitted: () => undefined, verdict: () => undefined });
    lines = [];
    projections = new Projections(db.pool, store.feed, store.deadLetters, { log: (line, level = 'error') => lines.push(`${level} ${line}`), retryMs: 10 });
    await db.pool.query('CREATE TABLE handled (position bigint)');
  });
  afterEach(async () => {
    await projections.stop();
    await store.close();
    await db.drop();
  });

  const append = async (count: number): Promise<void> => {
    const op: Op = ['set', '/a', 'lww', 1];
    await Promise.all(Array.from({ length: count }, () => store.execute({
      aggregates: [{ type: 'world', id: randomUUID() }], context: { actor: 'spec' },
      decide: () => [[{ type: 'Seen', schemaVersion: 1, data: {}, ops: [op] }]],
    })));
  };

  const handled = async (): Promise<number[]> =>
    (await db.pool.query<{ position: string }>('SELECT position FROM handled ORDER BY 1')).rows.map((row) => Number(row.position));

  it('that fails is parked, says why, and goes on where it stood', async () => {
    await append(30);
    let broken = true;
    projections.start('spec', async (client, events) => {
      for (const { position } of events) await client.query('INSERT INTO handled VALUES ($1)', [position]);
      if (broken) throw new Error('cannot count');
    });
    await eventually(() => expect(projections.figures.get('spec')!.failures).toBeGreaterThan(2));
    const [status] = await projections.status();
    expect(status).toMatchObject({
      name: 'spec', position: 0, head: 30, checked: 0, found: 0, parked: 0,
      stall: { reason: 'cannot count', since: expect.any(Date), failures: expect.any(Number) },
    });
    expect(status!.lagSeconds).toBeGreaterThan(0);
    expect(lines).toEqual(['error the projection spec stands still and is tried again: cannot count']);
    expect(await handled()).toEqual([]);
    broken = false;
    await eventually(async () => expect(await handled()).toEqual(Array.from({ length: 30 }, (_, i) => i + 1)));
    await eventually(async () => expect((await projections.status())[0]).toEqual({
      name: 'spec', partition: 0, position: 30, head: 30, lagSeconds: 0, unmovedSeconds: expect.any(Number), checked: 30, found: 30, parked: 0,
    }));
    expect(projections.figures.get('spec')).toMatchObject({ events: 30, position: 30 });
    expect(lines[1]).toContain('the projection spec goes on after position 0');
  });

  it('that fails does not hurt another one, and two of a name do not run here', async () => {
    projections.start('broken', () => Promise.reject(new Error('cannot count')));
    projections.start('well', async (client, events) => {
      for (const { position } of events) await client.query('INSERT INTO handled VALUES ($1)', [position]);
    }, { restMs: 20 });
    expect(() => projections.start('well', async () => undefined)).toThrow('runs already');
    for (let n = 1; n <= 3; n += 1) {
      await append(2);
      await eventually(async () => expect(await handled()).toHaveLength(2 * n));
    }
    await eventually(async () => expect((await projections.status()).map(({ name, position, stall }) => [name, position, stall?.reason]))
      .toEqual([['broken', 0, 'cannot count'], ['well', 6, undefined]]));
  });

  it('stands still at a hole in the log, and shows it', async () => {
    await append(5);
    projections.start('spec', async () => undefined);
    await eventually(async () => expect((await projections.status())[0]).toMatchObject({ position: 5, checked: 5, found: 5 }));
    await db.pool.query('ALTER TABLE global_state.events DISABLE TRIGGER append_only');
    await db.pool.query('DELETE FROM global_state.events WHERE position = 3');
    await db.pool.query('UPDATE global_state.events SET position = 9 WHERE position = 5');
    await db.pool.query("UPDATE global_state.checkpoints SET position = 4; NOTIFY global_state_events, ''");
    await eventually(async () => expect((await projections.status())[0]).toMatchObject({
      position: 4, checked: 4, found: 3, stall: { reason: 'the log has a hole: position 9 follows 4' },
    }));
  });

  it('gives way to a successor in one transaction, where it stands then, or not at all', async () => {
    await db.pool.query('CREATE TABLE built (position bigint)');
    const into = (table: string): ConsumeBatch => async (client, events) => {
      for (const { position } of events) await client.query(`INSERT INTO ${table} VALUES ($1)`, [position]);
    };
    const built = async (): Promise<number[]> =>
      (await db.pool.query<{ position: string }>('SELECT position FROM built ORDER BY 1')).rows.map((row) => Number(row.position));
    await append(40);
    projections.start('spec', into('handled'));
    await eventually(async () => expect(await handled()).toHaveLength(40));
    expect(await projections.step('next', into('built'))).toBeUndefined();
    await inTransaction(db.pool, (client) => projections.prepare(client, 'next'));
    expect(await projections.step('next', into('built'))).toEqual({ position: 40, events: 40 });
    await append(5);
    await eventually(async () => expect(await handled()).toHaveLength(45));
    expect(await built()).toHaveLength(40);
    await expect(projections.replace('spec', { successor: 'next', mayLead: true }, into('built'), async (client) => {
      await client.query('DELETE FROM handled');
      throw new Error('half way');
    })).rejects.toThrow('half way');
    expect([(await handled()).length, (await built()).length]).toEqual([45, 40]);
    expect(await projections.replace('spec', { successor: 'next', mayLead: true }, into('built'), async (client) => void await client.query('DELETE FROM handled'))).toBe(true);
    expect((await built()).length).toBe(45);
    await append(1);
    await eventually(async () => expect(await handled()).toEqual([46]));
    expect((await projections.status()).map(({ name, position }) => [name, position])).toEqual([['spec', 46]]);
  });
});
