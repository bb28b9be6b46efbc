import { randomUUID } from 'node:crypto';
import type { AggregateRef, AggregateSnapshot } from '@app/kernel';
import { createTestDatabase, type TestDatabase } from '@app/testing';
import { EventStore } from '../event-store.js';

/** What writers read is folded on: a change of the live build must not be answered with bytes of the one before. */
describe('the live build of the states', () => {
  let db: TestDatabase;
  let stores: EventStore[];

  beforeAll(async () => {
    db = await createTestDatabase();
    stores = ['a', 'b'].map((origin) => new EventStore(db.pool, { origin, databaseUrl: db.url }, {
      groupCommitted: () => undefined, verdict: () => undefined,
    }));
  });
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await db.drop();
  });

  const add = async (store: EventStore, ref: AggregateRef): Promise<AggregateSnapshot> => {
    let seen: AggregateSnapshot;
    await store.execute({
      aggregates: [ref],
      context: { actor: 'spec' },
      decide: ([state]) => {
        seen = state!;
        const n = Number(state!.data['n'] ?? 0);
        return [[{ type: 'Added', schemaVersion: 1, data: {}, ops: [['inc', '/n', 'sum', 1, n + 1]], memory: { at: n } }]];
      },
    });
    return seen!;
  };

  /** A build in which every `n` is 1,000 more. */
  const swap = async (build: number): Promise<void> => {
    await db.pool.query(`INSERT INTO global_state.aggregate_state_builds (aggregate_type, aggregate_id, build, partition, generation,
        version, deleted, data, checksum, clocks, hash, hlc, fold_generation, position, last_modified, memory)
      SELECT aggregate_type, aggregate_id, ${build}, partition, generation, version, deleted,
        json_build_object('n', (data->>'n')::int + 1000), checksum, clocks, hash, hlc, fold_generation, position, last_modified, memory
      FROM global_state.aggregate_state_builds WHERE build = ${build - 1}`);
    await db.pool.query(`INSERT INTO global_state.state_builds VALUES ('player', ${build}, ${build})
      ON CONFLICT (aggregate_type) DO UPDATE SET build = excluded.build, revision = excluded.revision`);
  };
  const rows = async (ref: AggregateRef): Promise<unknown[]> => (await db.pool.query(
    'SELECT build, version::int, data FROM global_state.aggregate_state_builds WHERE aggregate_id = $1 ORDER BY build', [ref.id])).rows;

  it('is what every instance decides on and writes to after a swap, whatever it holds in memory', async () => {
    const refs = Array.from({ length: 4 }, (): AggregateRef => ({ type: 'player', id: randomUUID() }));
    for (const store of stores) for (const ref of refs) await add(store, ref);
    await swap(1);
    for (const store of stores) await Promise.all(refs.map((ref) => add(store, ref)));
    for (const ref of refs) {
      expect(await rows(ref)).toEqual([{ build: 0, version: 2, data: { n: 2 } }, { build: 1, version: 4, data: { n: 1004 } }]);
      expect(await stores[0]!.readState(ref)).toMatchObject({ version: 4, data: '{"n":1004}' });
      expect(await add(stores[0]!, ref)).toMatchObject({ version: 4, memory: { at: 1003 } });
    }
  });

  it('is where an aggregate is born, known before or not, and other types stay where they are', async () => {
    const [player, guild] = ['player', 'guild'].map((type): AggregateRef => ({ type, id: randomUUID() }));
    await add(stores[0]!, player!);
    await add(stores[1]!, guild!);
    await add(stores[1]!, player!);
    expect(await rows(player!)).toEqual([{ build: 1, version: 2, data: { n: 2 } }]);
    expect(await rows(guild!)).toEqual([{ build: 0, version: 1, data: { n: 1 } }]);
  });

  it('is found by one probe of the index, by key and in the order of keys', async () => {
    await db.pool.query('ANALYZE global_state.aggregate_state_builds, global_state.state_builds');
    const client = await db.pool.connect();
    await client.query('SET enable_seqscan = off'); // as in a table that is not so small
    const plan = async (sql: string): Promise<string> =>
      (await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) ${sql}`)).rows.map((row) => row['QUERY PLAN']).join('\n');
    const point = await plan(`SELECT s.* FROM unnest('{player}'::text[], '{${randomUUID()}}'::uuid[]) AS wanted(type, id)
      CROSS JOIN LATERAL (SELECT data FROM global_state.aggregate_states
        WHERE aggregate_type = wanted.type AND aggregate_id = wanted.id LIMIT 1) AS s`);
    expect(point).toMatch(/Index Scan using aggregate_state_builds_pkey.*\n *Index Cond: \(\(aggregate_id = wanted.id\) AND \(aggregate_type = wanted.type\)\)/);
    const page = await plan(`SELECT * FROM global_state.aggregate_states WHERE (aggregate_id, aggregate_type) > ('${randomUUID()}', 'a')
      ORDER BY aggregate_id, aggregate_type LIMIT 250`);
    expect(page).toMatch(/Index Scan using aggregate_state_builds_pkey.*\n *Index Cond: \(ROW\(aggregate_id/);
    expect(page).not.toContain('Sort');
    client.release(true);
  });
});
