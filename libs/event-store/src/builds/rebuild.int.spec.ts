import { randomInt, randomUUID } from 'node:crypto';
import { type AggregateRef, EMPTY_FOLD, fold, type FoldState, type JsonObject, type Op, Replay, ServiceError } from '@app/kernel';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import { EventStore } from '../event-store.js';
import { FOLD_GENERATION, freeze } from '../writer/advance.js';
import { StatesDiffer } from './differences.js';
import type { BuildHooks } from './rebuild.js';
import { StateBuilds } from './state-builds.js';
import type { Poisoned, StateFold } from './state-fold.js';

const SMALL = { pageAggregates: 4, roundEvents: 40, lockedEvents: 20 };

/** What was set under `old` should have been under `new`: states of before the repair differ, and nobody writes to `old` any more. */
const renamed = (ops: readonly Op[]): Op[] => ops.map((op) => (op[0] === 'set' && op[1] === '/old' ? ['set', '/new', op[2], op[3]] : op));
const REPAIRED: StateFold = {
  generation: FOLD_GENERATION + 1,
  begin: (from) => {
    const replay = new Replay(from);
    return { apply: (ops, version) => replay.apply(renamed(ops), version), end: () => replay.end() };
  },
};

describe('rebuilding the states', () => {
  let db: TestDatabase;
  let stores: EventStore[];
  let builds: StateBuilds;

  beforeEach(async () => {
    db = await createTestDatabase();
    stores = ['a', 'b'].map((origin) => new EventStore(db.pool, { origin, databaseUrl: db.url }, {
      groupCommitted: () => undefined, verdict: () => undefined,
    }));
    builds = new StateBuilds(db.pool, SMALL);
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await db.drop();
  });

  const append = (ref: AggregateRef, ops: readonly Op[], { store = stores[0]!, memory }: { store?: EventStore; memory?: JsonObject } = {}) =>
    store.execute({
      aggregates: [ref], context: { actor: 'spec' }, decide: () => [[{ type: 'Changed', schemaVersion: 1, data: {}, ops, memory }]],
    });
  const count = (store: EventStore, ref: AggregateRef) => store.execute({
    aggregates: [ref],
    context: { actor: 'spec' },
    decide: ([state]) => {
      const n = Number(state!.data['n'] ?? 0) + 1;
      return [[{ type: 'Counted', schemaVersion: 1, data: {}, ops: [['inc', '/n', 'sum', 1, n]], memory: { n: state!.version + 1 } }]];
    },
  });
  const some = (length: number, type = 'player'): AggregateRef[] => Array.from({ length }, () => ({ type, id: randomUUID() }));
  /** Aggregates with some history, some of them deleted and born again. */
  const populate = async (refs: readonly AggregateRef[]): Promise<void> => {
    await Promise.all(refs.map(async (ref, i) => {
      await append(ref, [['set', '/old', 'lww', { z: i, a: [1, null, 'ü'] }], ['inc', '/n', 'sum', 2, 2], ['obj', '/e', 'lww']]);
      await append(ref, [['unset', '/e', 'lww'], ['set', '/b', 'lww', 0.1], ['inc', '/n', 'sum', -5, -3]], { memory: { i } });
      if (i % 3 === 0) await append(ref, [['del']]);
      if (i % 6 === 0) await append(ref, [['set', '/again', 'lww', true]]);
    }));
  };
  const rows = async (): Promise<Record<string, unknown>[]> => (await db.pool.query(
    `SELECT *, data::text, clocks::text FROM global_state.aggregate_states ORDER BY aggregate_id, aggregate_type`)).rows;
  const live = async (): Promise<unknown> => Object.fromEntries((await db.pool.query<{ type: string; build: number }>(
    'SELECT aggregate_type AS type, build FROM global_state.state_builds')).rows.map(({ type, build }) => [type, build]));
  const rowsIn = async (build: number): Promise<number> =>
    Number((await db.pool.query('SELECT count(*) FROM global_state.aggregate_state_builds WHERE build = $1', [build])).rows[0].count);

  /** Every live state, in each of its columns, is what its events fold to one after another by the plain fold. */
  const expectFolded = async (mapped: (ops: readonly Op[]) => readonly Op[] = (ops) => ops): Promise<void> => {
    const events = await stores[0]!.readLog(0, 100_000);
    const folds = new Map<string, { state: FoldState; last: (typeof events)[number] }>();
    for (const event of events) {
      const key = `${event.ref.id} ${event.ref.type}`;
      folds.set(key, { state: fold(folds.get(key)?.state ?? EMPTY_FOLD, mapped(event.ops), event.version), last: event });
    }
    const expected = [...folds.values()].map(({ state, last }) => {
      const { data, checksum, clocks } = freeze(state);
      return {
        aggregate_type: last.ref.type, aggregate_id: last.ref.id, partition: 0, generation: state.generation, version: String(last.version),
        deleted: state.deleted, data, checksum: Buffer.from(checksum, 'hex'), clocks, hash: Buffer.from(last.hash, 'hex'),
        hlc: String(last.hlc), position: String(last.position), last_modified: last.committedAt,
      };
    });
    const found = (await rows()).map(({ fold_generation: _generation, ...row }) => row);
    expect(found).toEqual(expected.sort((a, b) => (a.aggregate_id < b.aggregate_id ? -1 : 1)));
  };

  /** Writers on both instances; what they could not write ends the spec. */
  const writing = (refs: readonly AggregateRef[]): { stop(): Promise<number> } => {
    let isOver = false;
    const writers = Array.from({ length: 6 }, async (_, i) => {
      let written = 0;
      for (; !isOver; written += 1) {
        const ref = randomInt(20) === 0 ? some(1, 'guild')[0]! : refs[randomInt(refs.length)]!;
        const store = stores[i % 2]!;
        if (randomInt(15) === 0) await append(ref, [['del']], { store });
        else if (randomInt(4) === 0) await append(ref, [['set', `/k${randomInt(3)}`, 'lww', { v: randomInt(99) }]], { store });
        else await count(store, ref);
      }
      return written;
    });
    return {
      stop: async () => {
        isOver = true;
        return (await Promise.all(writers)).reduce((sum, n) => sum + n);
      },
    };
  };

  it('yields the same bytes in every column, and says so', async () => {
    await populate([...some(12), ...some(5, 'guild')]);
    const before = await rows();
    const build = await builds.open();
    const { position } = await stores[0]!.head();
    expect(await builds.rebuild(build)).toEqual({
      build, types: expect.arrayContaining(['player', 'guild']), aggregates: 17, events: position, parked: 0, differences: 0, samples: [],
      swapMs: expect.any(Number),
    });
    expect(await live()).toEqual({ player: build, guild: build });
    expect(await rows()).toEqual(before);
    await expectFolded();
    expect(await builds.rebuild(build)).toMatchObject({ build, aggregates: 17, swapMs: expect.any(Number) });
  });

  it('does not take states that differ unless that is accepted, and names them', async () => {
    const refs = some(30);
    await populate(refs);
    await db.pool.query(`UPDATE global_state.aggregate_states SET data = '{"wrong":1}', version = version WHERE aggregate_id <> $1`, [refs[0]!.id]);
    await db.pool.query('UPDATE global_state.aggregate_states SET hlc = 1 WHERE aggregate_id = $1', [refs[1]!.id]);
    const extra = randomUUID();
    await db.pool.query(`INSERT INTO global_state.aggregate_states SELECT aggregate_type, $1, partition, generation, version, deleted, data,
      checksum, clocks, hash, hlc, fold_generation, position, last_modified FROM global_state.aggregate_states LIMIT 1`, [extra]);
    const wrong = await rows();

    const refused = await builds.open();
    const error = await builds.rebuild(refused).then(() => undefined, (thrown: unknown) => thrown as StatesDiffer);
    expect(error).toBeInstanceOf(StatesDiffer);
    expect(error!.message).toMatch(/^30 states differ from the live ones, which was not accepted: player\/.* \(.*data/);
    expect(error!.found.samples).toHaveLength(20);
    expect(await rows()).toEqual(wrong);
    await expect(builds.rebuild(refused)).rejects.toThrow('was given up');
    expect(await builds.drop()).toBe(30);
    expect(await rowsIn(refused)).toBe(0);

    const { differences, samples } = await builds.rebuild(await builds.open(), { acceptDifferences: true });
    expect(differences).toBe(30);
    expect(samples).toHaveLength(20);
    await expectFolded();
  });

  it('names the columns that differ, and a state without events', async () => {
    const [odd, ...others] = some(6);
    await populate([odd!, ...others]);
    await db.pool.query('UPDATE global_state.aggregate_states SET hlc = 1, deleted = NOT deleted WHERE aggregate_id = $1', [odd!.id]);
    await db.pool.query('UPDATE global_state.aggregate_states SET aggregate_type = \'world\' WHERE aggregate_id = $1', [others[0]!.id]);
    const { differences, samples } = await builds.rebuild(await builds.open(), { acceptDifferences: true });
    expect(differences).toBe(3);
    expect(samples).toEqual(expect.arrayContaining([
      expect.objectContaining({ aggregateId: odd!.id, fields: ['deleted', 'hlc'] }),
      expect.objectContaining({ aggregateType: 'world', aggregateId: others[0]!.id, fields: ['events'], live: expect.anything() }),
      expect.objectContaining({ aggregateType: 'player', aggregateId: others[0]!.id, built: expect.anything() }),
    ]));
    await expectFolded();
  });

  it('goes on under writers with a fold that changes bytes, and back: no write fails, no state is lost', async () => {
    const refs = some(40);
    await populate([...refs, ...some(1, 'guild')]); // or the writers may make none before the swap, once in hundreds of runs
    const repaired = new StateBuilds(db.pool, { ...SMALL, fold: REPAIRED });
    const writers = writing(refs);
    const { differences } = await repaired.rebuild(await repaired.open(), { acceptDifferences: true });
    expect(await writers.stop()).toBeGreaterThan(0);
    await Promise.all(refs.map((ref) => count(stores[1]!, ref)));
    expect(differences).toBeGreaterThan(0);
    await expectFolded(renamed);
    const memories = await db.pool.query(`SELECT memory->>'n' AS n, version FROM global_state.aggregate_state_builds
      WHERE aggregate_type = 'player' AND build = (SELECT build FROM global_state.state_builds WHERE aggregate_type = 'player')`);
    expect(memories.rows).toHaveLength(40);
    for (const { n, version } of memories.rows) expect(Number(n)).toBe(Number(version));

    const more = writing(refs);
    const { builds: back, swapMs } = await builds.revert(undefined);
    expect(back).toEqual([{ build: 0, types: ['guild', 'player'] }]);
    expect(swapMs).toBeGreaterThan(0);
    await more.stop();
    await Promise.all(refs.map((ref) => count(stores[0]!, ref)));
    await expectFolded();
    await expect(builds.revert(undefined)).rejects.toThrow('no build before');
  });

  it('is gone on with from any of its steps when the connection is cut, the swap too', async () => {
    const refs = some(20);
    await populate(refs);
    const repaired = new StateBuilds(db.pool, { ...SMALL, fold: REPAIRED });
    const build = await repaired.open();
    for (const ref of refs) await count(stores[0]!, ref);
    let steps = 0;
    let cuts = 0;
    let swaps = 0;
    const hooks: BuildHooks = {
      // Each step is cut once, right before its commit, and goes through the next time.
      saved: async (client) => {
        steps += 1;
        const { rowCount } = await client.query('SELECT FROM global_state.state_builds');
        if (rowCount! > 0) swaps += 1;
        if (steps % 2 === 1) await client.query('SELECT pg_terminate_backend(pg_backend_pid())');
      },
    };
    const run = async (): Promise<{ aggregates: number; events: number }> => {
      for (;;) {
        try {
          return await repaired.rebuild(build, { ...hooks, acceptDifferences: true });
        } catch (error) {
          expect(String(error)).toMatch(/terminat/);
          cuts += 1;
          if (cuts < 8) await count(stores[1]!, refs[cuts]!);
        }
      }
    };
    const { aggregates, events } = await run();
    expect(cuts).toBeGreaterThanOrEqual(7); // five pages and one that ends the walk, a round at least
    expect(swaps).toBe(2);
    expect(aggregates).toBe(20);
    expect(events).toBe((await stores[0]!.head()).position);
    await expectFolded(renamed);
  });

  it('ends between two steps when it is told to, and goes on from there', async () => {
    await populate(some(20));
    const build = await builds.open();
    const stop = new AbortController();
    let steps = 0;
    const saved: BuildHooks['saved'] = async () => {
      if ((steps += 1) === 2) stop.abort(new Error('cancelled'));
    };
    await expect(builds.rebuild(build, { signal: stop.signal, saved })).rejects.toThrow('cancelled');
    expect(await rowsIn(build)).toBe(8);
    const done: number[] = [];
    await builds.rebuild(build, { saved: async (_client, progress) => { done.push(progress.done / progress.total); } });
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(1);
    await expectFolded();
  });

  it('of some types leaves the others where they are, and is reverted by type', async () => {
    await populate([...some(6), ...some(6, 'guild'), ...some(2, 'world')]);
    const build = await builds.open(['guild', 'world']);
    expect(await builds.rebuild(build)).toMatchObject({ aggregates: 8, differences: 0 });
    expect(await live()).toEqual({ guild: build, world: build });
    expect(await rowsIn(build)).toBe(8);
    expect(await builds.revert(['world'])).toMatchObject({ builds: [{ build: 0, types: ['world'] }] });
    expect(await live()).toEqual({ guild: build, world: 0 });
    await expectFolded();
    await expect(builds.revert(['world'])).rejects.toThrow('no build before');
  });

  it('parks an aggregate with an event that cannot be folded, and the others go on', async () => {
    const refs = some(10);
    await populate(refs);
    const poisoned = refs[4]!;
    await db.pool.query('ALTER TABLE global_state.events DISABLE TRIGGER append_only');
    await db.pool.query(`UPDATE global_state.events SET ops = '[["set"]]' WHERE aggregate_id = $1 AND version = 2`, [poisoned.id]);
    const repaired = new StateBuilds(db.pool, { ...SMALL, fold: REPAIRED });
    const parked: Poisoned[] = [];
    const before = await rows();
    const isPoisoned = ({ aggregate_id: id }: Record<string, unknown>): boolean => id === poisoned.id;
    const result = await repaired.rebuild(await repaired.open(), {
      acceptDifferences: true, parked: async (_client, found) => { parked.push(...found); },
    });
    expect(result).toMatchObject({ parked: 1, aggregates: 10 });
    expect(parked).toEqual([{ ref: poisoned, version: 2, partition: 0, position: expect.any(Number), error: expect.any(Error) }]);
    const after = await rows();
    expect(after.filter(isPoisoned)).toEqual(before.filter(isPoisoned));
    const others = after.filter((row) => !isPoisoned(row));
    expect(others.map(({ data }) => String(data).includes('"old"'))).toEqual(others.map(() => false));
    await count(stores[0]!, poisoned);
    expect((await stores[0]!.readState(poisoned))!.version).toBe(Number(after.find(isPoisoned)!['version']) + 1);
  });

  it('drops folds that were kept of states that differ, also those that are kept late', async () => {
    const [ref] = some(1);
    const often = new EventStore(db.pool, { origin: 'c', databaseUrl: db.url, snapshotEvery: 3 }, {
      groupCommitted: () => undefined, verdict: () => undefined,
    });
    stores.push(often);
    await populate([ref!]);
    await often.snapshots.flush();
    await db.pool.query(`UPDATE global_state.aggregate_states SET data = '{"wrong":1}'`);
    for (let i = 0; i < 4; i += 1) await count(often, ref!);
    await often.snapshots.flush();
    expect((await often.readStateAt(ref!, 7))!.data).toContain('wrong');
    for (let i = 0; i < 2; i += 1) await count(often, ref!); // its fold waits to be kept
    await builds.rebuild(await builds.open(), { acceptDifferences: true });
    await often.snapshots.flush();
    expect((await db.pool.query('SELECT FROM global_state.aggregate_snapshots')).rowCount).toBe(0);
    for (let version = 1; version <= 10; version += 1) {
      const state = (await stores[0]!.readStream(ref!, { from: 1, to: version, limit: 100 }))
        .reduce<FoldState>((before, event) => fold(before, event.ops, event.version), EMPTY_FOLD);
      expect((await often.readStateAt(ref!, version))!.data).toBe(freeze(state).data);
    }
    await often.snapshots.flush();
    expect((await db.pool.query('SELECT FROM global_state.aggregate_snapshots')).rowCount).toBe(3);
  });

  it('is done by one at a time: who comes second writes nothing', async () => {
    await populate(some(16));
    const build = await builds.open();
    const other = new StateBuilds(db.pool, SMALL);
    let late: Promise<unknown> | undefined;
    const waits = async (): Promise<void> => expect((await db.pool.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).rowCount).toBe(1);
    const saved: BuildHooks['saved'] = async () => {
      if (late) return;
      late = other.rebuild(build).then(() => 'done', (error: Error) => error.message);
      await eventually(waits);
    };
    expect(await builds.rebuild(build, { saved })).toMatchObject({ aggregates: 16 });
    expect(await late).toContain('somebody else goes on with it');
    await expectFolded();
  });

  it('gives up one of the same types that was left, and keeps one build to go back to', async () => {
    await populate([...some(10), ...some(3, 'guild')]);
    const left = await builds.open();
    const stop = new AbortController();
    await expect(builds.rebuild(left, { signal: stop.signal, saved: async () => stop.abort(new Error('stop')) })).rejects.toThrow('stop');
    const [second, third] = [await builds.open(['player']), await builds.open(['guild'])];
    await expect(builds.rebuild(left)).rejects.toThrow('given up');
    await builds.rebuild(second);
    await builds.rebuild(third);
    const fourth = await builds.open();
    await builds.rebuild(fourth);
    expect(await builds.drop()).toBeGreaterThanOrEqual(13);
    expect(await Promise.all([0, left, second, third, fourth].map(rowsIn))).toEqual([0, 0, 10, 3, 13]);
    expect(await builds.revert(undefined)).toMatchObject({ builds: [{ build: second, types: ['player'] }, { build: third, types: ['guild'] }] });
    expect(await builds.drop()).toBe(13);
    expect(await builds.drop()).toBe(0);
    await expectFolded();
  });

  it('is not needed for a few: a replay names those that differ, and repairs them for writers too', async () => {
    const refs = some(8);
    await populate(refs);
    const [first, ...later] = refs;
    await count(stores[0]!, first!);
    const { position: end } = await stores[0]!.head();
    const wrong = later.slice(0, 2);
    await db.pool.query(`UPDATE global_state.aggregate_states SET data = '{"n":1000}' WHERE aggregate_id = ANY ($1)`, [wrong.map(({ id }) => id)]);
    await db.pool.query('DELETE FROM global_state.aggregate_states WHERE aggregate_id = $1', [later[2]!.id]);
    // An instance that reads the wrong bytes now and folds on them.
    await count(stores[1]!, wrong[0]!);
    expect((await stores[0]!.readState(wrong[0]!))!.data).toContain('1001');

    const stretches = Array.from({ length: Math.ceil((end + 1) / 7) }, (_, i) => ({ after: i * 7, upTo: Math.min(i * 7 + 7, end + 1), end: end + 1 }));
    const replay = async (repairing?: BuildHooks['parked']) => {
      const all = [];
      for (const stretch of stretches) all.push(await builds.replay(stretch, repairing));
      return {
        aggregates: all.reduce((sum, { aggregates }) => sum + aggregates, 0), events: all.reduce((sum, { events }) => sum + events, 0),
        ids: all.flatMap(({ differences }) => differences.map(({ aggregateId }) => aggregateId)).sort(),
      };
    };
    const ids = later.slice(0, 3).map(({ id }) => id).sort();
    expect(await replay()).toEqual({ aggregates: 8, events: end + 1, ids });
    expect(await replay(async () => undefined)).toEqual({ aggregates: 8, events: end + 1, ids });
    expect(await replay()).toEqual({ aggregates: 8, events: end + 1, ids: [] });
    await Promise.all(refs.map((ref) => count(stores[1]!, ref)));
    await expectFolded();
    const folded = await builds.replay({ after: end, upTo: end + 1, end: end + 1 });
    expect(folded).toMatchObject({ aggregates: 1 });
  });

  it('reads conflicts from the live build: an expectation is judged by it', async () => {
    const [ref] = some(1);
    await populate([ref!]);
    await builds.rebuild(await builds.open());
    const expects = (version: number) => stores[0]!.execute({
      aggregates: [ref!], context: { actor: 'spec' },
      decide: ([state]) => {
        if (state!.version !== version) throw new ServiceError('VERSION_CONFLICT', 'moved', { currentVersion: state!.version });
        return [[{ type: 'Changed', schemaVersion: 1, data: {}, ops: [['set', '/x', 'lww', 1]] }]];
      },
    });
    await expect(expects(1)).rejects.toMatchObject({ details: { currentVersion: 4 } });
    await expect(expects(4)).resolves.toMatchObject({ events: [{ version: 5 }] });
  });

  /** An instance that keeps a fold every third version, of an aggregate whose live state is wrong, with one of it that waits to be kept. */
  const waiting = async (): Promise<{ store: EventStore; ref: AggregateRef }> => {
    const [ref] = some(1) as [AggregateRef];
    for (let i = 0; i < 2; i += 1) await count(stores[0]!, ref);
    await db.pool.query(`UPDATE global_state.aggregate_states SET data = '{"n":1000}'`);
    const store = new EventStore(db.pool, { origin: 'c', databaseUrl: db.url, snapshotEvery: 3 }, { groupCommitted: () => undefined, verdict: () => undefined });
    stores.push(store);
    await count(store, ref);
    return { store, ref };
  };

  it.each([
    ['before the swap', 1], ['while it swaps', 2],
  ])('keeps no fold of replaced bytes that comes %s', async (_when, step) => {
    const { store, ref } = await waiting();
    let steps = 0;
    let flushed: Promise<void> | undefined;
    await builds.rebuild(await builds.open(), {
      acceptDifferences: true,
      // Folds of the aggregates that differ are deleted by then, in a transaction that is still open.
      saved: async (client) => {
        if ((steps += 1) !== step) return;
        await client.query('SET LOCAL idle_in_transaction_session_timeout = 0'); // who holds all heads may be silent for 2 s only
        flushed = store.snapshots.flush();
        if (step === 1) await flushed;
        else await eventually(async () => expect((await db.pool.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
          UNION ALL SELECT FROM global_state.aggregate_snapshots`)).rowCount).toBe(1)); // it waits, or is done
      },
    });
    await flushed;
    expect(steps).toBe(2);
    expect((await store.readState(ref))!.data).toBe('{"n":3}');
    expect((await store.readStateAt(ref, 3))!.data).toBe('{"n":3}');
  });

  it('keeps no fold that a state of an older fold led to', async () => {
    const [ref] = some(1) as [AggregateRef];
    await append(ref, [['set', '/a', 'lww', 1]]);
    await append(ref, [['set', '/b', 'lww', 2]]);
    // As the fold of the release before left it.
    await db.pool.query(`UPDATE global_state.aggregate_states SET data = '{"a":"the old way","b":2}', fold_generation = $1`, [FOLD_GENERATION - 1]);
    const store = new EventStore(db.pool, { origin: 'c', databaseUrl: db.url, snapshotEvery: 3 }, { groupCommitted: () => undefined, verdict: () => undefined });
    stores.push(store);
    await append(ref, [['set', '/b', 'lww', 3]], { store });
    await store.snapshots.flush();
    await append(ref, [['set', '/a', 'lww', 7]], { store }); // what differed is overwritten, and no rebuild can tell
    expect(await builds.rebuild(await builds.open())).toMatchObject({ differences: 0 });
    expect((await store.readStateAt(ref, 3))!.data).toBe('{"a":1,"b":3}');
    for (let i = 0; i < 2; i += 1) await append(ref, [['set', '/b', 'lww', 3]], { store });
    await store.snapshots.flush();
    expect((await db.pool.query('SELECT version FROM global_state.aggregate_snapshots ORDER BY version')).rows).toEqual([{ version: '3' }, { version: '6' }]);
  });
});
