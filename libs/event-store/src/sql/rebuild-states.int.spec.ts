import { randomUUID } from 'node:crypto';
import type { Op } from '@app/kernel';
import { createTestDatabase, type TestDatabase } from '@app/testing';
import { EventStore } from '../event-store.js';
import { rebuildStates } from './rebuild-states.js';

describe('rebuilding the states', () => {
  let db: TestDatabase;
  let store: EventStore;

  beforeAll(async () => {
    db = await createTestDatabase();
    store = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url }, {
      groupCommitted: () => undefined, verdict: () => undefined,
    });
  });
  afterAll(async () => {
    await store.close();
    await db.drop();
  });

  const bytes = async (): Promise<unknown[]> => (await db.pool.query(
    `SELECT s::text AS row FROM global_state.aggregate_states s ORDER BY aggregate_type, aggregate_id`)).rows;

  const append = (id: string, ops: readonly Op[]): Promise<unknown> => store.execute({
    aggregates: [{ type: 'guild', id }],
    context: { actor: 'spec' },
    decide: () => [[{ type: 'Changed', schemaVersion: 1, data: {}, ops }]],
  });

  it('yields the same bytes in every column', async () => {
    const ids = Array.from({ length: 5 }, () => randomUUID());
    for (const id of ids) {
      await append(id, [['set', '/b/c', 'lww', { z: 1, a: [1, null, 'ü'] }], ['inc', '/n', 'sum', 2, 2], ['obj', '/e', 'lww']]);
      await append(id, [['unset', '/b/c', 'lww'], ['set', '/b', 'lww', 0.1], ['inc', '/n', 'sum', -5, -3]]);
    }
    await append(ids[0]!, [['del']]);
    await append(ids[1]!, [['del']]);
    await append(ids[1]!, [['set', '/again', 'lww', true]]);
    const before = await bytes();
    await db.pool.query(`UPDATE global_state.aggregate_states SET data = '{"wrong":1}'`);
    expect(await bytes()).not.toEqual(before);

    const client = await db.pool.connect();
    await client.query('BEGIN');
    expect(await rebuildStates(client)).toBe(5);
    await client.query('COMMIT');
    client.release();
    expect(await bytes()).toEqual(before);
  });
});
