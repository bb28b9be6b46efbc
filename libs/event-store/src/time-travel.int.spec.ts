import { randomUUID } from 'node:crypto';
import { type AggregateRef, EMPTY_FOLD, fold, type JsonObject, type Op } from '@app/kernel';
import { createTestDatabase, type TestDatabase } from '@app/testing';
import { EventStore } from './event-store.js';

const EVERY = 3;

describe('time travel', () => {
  let db: TestDatabase;
  let store: EventStore;

  const open = (snapshotEvery = EVERY): EventStore => new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url, snapshotEvery }, {
    groupCommitted: () => undefined, verdict: () => undefined,
  });
  beforeEach(async () => {
    db = await createTestDatabase();
    store = open();
  });
  afterEach(async () => {
    await store.close();
    await db.drop();
  });

  const append = async (ref: AggregateRef, ops: Op[]): Promise<void> => {
    await store.execute({
      aggregates: [ref], context: { actor: 'spec' }, decide: () => [[{ type: 'Seen', schemaVersion: 1, data: {}, ops }]],
    });
  };
  /** Ops of all kinds, a deletion now and then. */
  const opsAt = (i: number): Op[] => (i % 11 === 10 ? [['del']] : [
    ['set', `/k${i % 4}`, 'lww', i], i % 5 === 4 ? ['unset', `/k${(i + 1) % 4}`, 'lww'] : ['inc', '/n', 'sum', i, i], ['obj', '/o', 'lww'],
  ]);
  const grow = async (ref: AggregateRef, events: number): Promise<Op[][]> => {
    const all = Array.from({ length: events }, (_, i) => opsAt(i));
    for (const ops of all) await append(ref, ops);
    await store.snapshots.flush();
    return all;
  };
  const naive = (all: Op[][], version: number): { data: JsonObject; deleted: boolean } => {
    let state = EMPTY_FOLD;
    all.slice(0, version).forEach((ops, i) => { state = fold(state, ops, i + 1); });
    return { data: state.data, deleted: state.deleted };
  };
  const expectAll = async (ref: AggregateRef, all: Op[][]): Promise<void> => {
    for (let version = 1; version <= all.length; version += 1) {
      const state = (await store.readStateAt(ref, version))!;
      expect({ data: JSON.parse(state.data) as JsonObject, deleted: state.deleted }).toEqual(naive(all, version));
      const { rows: [event] } = await db.pool.query<{ position: string; committed_at: Date }>(
        'SELECT position, committed_at FROM global_state.events WHERE aggregate_id = $1 AND version = $2', [ref.id, version]);
      expect([state.position, state.lastModified]).toEqual([Number(event!.position), event!.committed_at]);
    }
    expect(await store.readStateAt(ref, all.length + 1)).toBeUndefined();
  };
  const count = async (): Promise<number> =>
    Number((await db.pool.query<{ n: string }>('SELECT count(*) AS n FROM global_state.aggregate_snapshots')).rows[0]!.n);

  it('reads every version as a naive fold has it, from snapshots that were made on the way', async () => {
    const ref = { type: 'world', id: randomUUID() };
    const all = await grow(ref, 40);
    expect(await count()).toBe(Math.floor(40 / EVERY));
    await expectAll(ref, all);
    expect(store.snapshots.figures).toMatchObject({ saved: 13, ignored: 0 });
    expect(store.snapshots.figures.used).toBeGreaterThan(30);
  });

  it('makes those that are missing when a reader passes by', async () => {
    const ref = { type: 'world', id: randomUUID() };
    const all = await grow(ref, 20);
    await db.pool.query('DELETE FROM global_state.aggregate_snapshots');
    await expectAll(ref, all);
    await store.snapshots.flush();
    expect(await count()).toBe(6);
    await expectAll(ref, all);
  });

  it('makes those that are missing whatever lies between them', async () => {
    await store.close();
    store = open(2_500);
    const ref = { type: 'world', id: randomUUID() };
    for (let n = 0; n < 52; n += 1) {
      await store.execute({
        aggregates: [ref], context: { actor: 'spec' },
        decide: () => [Array.from({ length: 100 }, (_, i) => ({ type: 'Seen', schemaVersion: 1, data: {}, ops: [['set', '/n', 'lww', n * 100 + i + 1]] as const }))],
      });
    }
    await store.snapshots.flush();
    await db.pool.query('DELETE FROM global_state.aggregate_snapshots');
    expect((await store.readStateAt(ref, 5_100))!.data).toBe('{"n":5100}');
    await store.snapshots.flush();
    expect((await db.pool.query('SELECT version FROM global_state.aggregate_snapshots ORDER BY version')).rows)
      .toEqual([{ version: '2500' }, { version: '5000' }]);
  });

  it('passes over those that are damaged or of an older fold, counts them, and makes them anew', async () => {
    const ref = { type: 'world', id: randomUUID() };
    const all = await grow(ref, 20);
    await db.pool.query(`UPDATE global_state.aggregate_snapshots SET data = '{"k0":666}' WHERE version % 2 = 0`);
    await db.pool.query('UPDATE global_state.aggregate_snapshots SET fold_generation = 0 WHERE version % 2 = 1');
    await expectAll(ref, all);
    expect(store.snapshots.figures.ignored).toBeGreaterThanOrEqual(6); // each once at least; more, until they are made anew
    await store.snapshots.flush();
    const { ignored } = store.snapshots.figures;
    await expectAll(ref, all);
    expect(store.snapshots.figures.ignored).toBe(ignored);
  });

  it('keeps no more of them waiting than 16 MiB while the database is slow', async () => {
    const hold = await db.pool.connect();
    await hold.query('BEGIN');
    await hold.query('LOCK TABLE global_state.aggregate_snapshots');
    const ref = { type: 'world', id: randomUUID() };
    const keep = (version: number, data: string): void =>
      store.snapshots.keep({ ref, version, generation: 0, deleted: false, data, clocks: '{}', position: version, lastModified: new Date() });
    keep(1, '{}');
    const first = store.snapshots.flush();
    for (let version = 2; version < 40; version += 1) keep(version, `{"a":"${'x'.repeat(2 ** 20)}"}`);
    const second = store.snapshots.flush();
    await hold.query('COMMIT');
    hold.release();
    await Promise.all([first, second]);
    expect(await count()).toBe(1 + 16);
    keep(50, '{}');
    await store.snapshots.flush();
    expect(await count()).toBe(1 + 16 + 1);
  });

  it('finds the position of a time and the version at a position', async () => {
    const refs = [1, 2].map(() => ({ type: 'player', id: randomUUID() }));
    for (let i = 0; i < 30; i += 1) await append(refs[i % 2]!, opsAt(i));
    const { rows } = await db.pool.query<{ position: string; committed_at: Date; aggregate_id: string; version: string }>(
      'SELECT position, committed_at, aggregate_id, version FROM global_state.events ORDER BY position');
    for (const moment of [new Date(0), ...rows.map(({ committed_at: at }) => at), new Date('2100-01-01')]) {
      const expected = rows.filter(({ committed_at: at }) => at <= moment).length;
      expect(await store.positionAt(moment)).toBe(expected);
      for (const ref of refs) {
        const version = rows.filter(({ aggregate_id: id, position }) => id === ref.id && Number(position) <= expected).length;
        expect(await store.versionAt(ref, expected)).toBe(version);
      }
    }
    expect(await store.versionAt({ type: 'player', id: randomUUID() }, 30)).toBe(0);
  });
});
