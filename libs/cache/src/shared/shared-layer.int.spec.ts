import { randomUUID } from 'node:crypto';
import { CURRENT_FOLD, EventStore, StateBuilds, type StateFold } from '@app/event-store';
import { cachePorts } from '@app/game-state';
import { type AggregateRef, type Op, refKey, Replay } from '@app/kernel';
import { createTestDatabase, eventually, type RedisServer, startRedis, startRedisCluster, type TestDatabase } from '@app/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CacheModule, RedisModule } from '../cache.module.js';
import type { Entry } from '../entry.js';
import { BLIND_AFTER_MS, LayeredCache } from '../layered-cache.js';
import { LayerFigures } from '../figures.js';
import { RedisConnection } from './redis-connection.js';
import { FILL, INVALIDATE, LEASE, OFFER } from './scripts.js';
import { SharedLayer } from './shared-layer.js';

const silent = { groupCommitted: () => undefined, verdict: () => undefined };

/** For what is not about a Redis that is slow: a busy machine may take longer than the 100 ms after which an instance leaves. */
const PATIENT = { timeoutMs: 60_000 };

/** What instances connect to. */
interface Target { readonly urls: readonly string[]; readonly cluster: boolean; readonly timeoutMs?: number }

/** One instance of the service, as far as caches go. */
interface Instance {
  readonly cache: LayeredCache;
  readonly events: EventStore;
  close(): Promise<void>;
}

async function open(db: TestDatabase, redis: Target): Promise<Instance> {
  const events = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url }, silent);
  const ports = { inject: [], useFactory: () => cachePorts(events, () => undefined) };
  const options = { l1MaxBytes: 10_000_000, redis, ports };
  const app: INestApplicationContext = await NestFactory.createApplicationContext({
    module: class Root {}, imports: [RedisModule.register({ ...redis, log: () => undefined }), CacheModule.register(options)],
  }, { logger: false });
  const cache = app.get(LayeredCache);
  return {
    cache, events,
    close: async () => {
      await app.close();
      await events.close();
    },
  };
}

async function write(events: EventStore, ref: AggregateRef): Promise<{ version: number; position: number }> {
  const { events: [event] } = await events.execute({
    aggregates: [ref], context: { actor: 'spec' },
    decide: ([state]) => {
      const op: Op = ['inc', '/n', 'sum', 1, Number(state!.data['n'] ?? 0) + 1];
      return [[{ type: 'Counted', schemaVersion: 1, data: {}, ops: [op] }]];
    },
  });
  return event!;
}

const someone = (): AggregateRef => ({ type: 'player', id: randomUUID() });
/** How often all instances together went to PostgreSQL for states. */
const loaded = (instances: readonly Instance[]): number =>
  instances.reduce((sum, { cache }) => sum + cache.figures.loadedKeys, 0);

describe('answers shared in Redis', () => {
  let db: TestDatabase;
  let redis: RedisServer;
  const instances: Instance[] = [];

  const start = async (count: number, target: Target = { urls: [redis.url], cluster: false }): Promise<Instance[]> => {
    const opened = await Promise.all(Array.from({ length: count }, () => open(db, target)));
    instances.push(...opened);
    await allIn(opened);
    return opened;
  };
  const allIn = (opened: readonly Instance[]): Promise<void> =>
    eventually(() => expect(opened.map(({ cache }) => cache.sharesAnswers)).toEqual(opened.map(() => true)));

  /** On a machine that is busy an instance may not see the log in time, and rightly asks the database: then once more. */
  const whileSighted = (measure: () => Promise<number>, most: number): Promise<void> => eventually(async () => {
    const trouble = (): number[] => instances.flatMap(({ cache }) => [cache.figures.bypasses.blind, cache.sharesAnswers ? 0 : 1]);
    const before = trouble();
    const found = await measure();
    if (JSON.stringify(trouble()) === JSON.stringify(before)) expect(found).toBeLessThanOrEqual(most);
    else throw new Error('an instance went blind meanwhile');
  });

  beforeEach(async () => {
    db = await createTestDatabase();
    redis = await startRedis({ persistence: 'snapshot' });
  });
  afterEach(async () => {
    await Promise.all(instances.splice(0).map((each) => each.close()));
    await redis.stop();
    await db.drop();
  });

  it('are loaded once for all instances that miss them at the same time', async () => {
    const [a, b, c] = await start(3);
    await whileSighted(async () => {
      const ref = someone();
      const { position } = await write(a!.events, ref);
      await eventually(() => expect(Math.min(b!.cache.appliedPosition, c!.cache.appliedPosition)).toBe(position));
      const before = loaded(instances);
      const answers = await Promise.all([b!, c!].flatMap(({ cache }) => Array.from({ length: 1000 }, () => cache.read(refKey(ref)))));
      expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
      return loaded(instances) - before;
    }, 1);
  });

  it('are void when the states become those of another build, in memory and in Redis, whatever was under way', async () => {
    const opened = await start(3);
    const refs = Array.from({ length: 12 }, someone);
    for (const ref of refs) await write(opened[0]!.events, ref);
    const read = ({ cache }: Instance, i: number): Promise<Entry> => cache.read(refKey(refs[i % refs.length]!));
    for (const instance of opened) for (const i of refs.keys()) await read(instance, i);
    const fold: StateFold = { // names the counter anew, and counts on under the old name what comes after
      ...CURRENT_FOLD,
      begin: (from) => {
        const replay = new Replay(from);
        const renamed = (ops: readonly Op[]): Op[] => ops.map((op) => (op[0] === 'inc' ? ['inc', '/m', 'sum', op[3], op[4]] : op));
        return { apply: (ops, version) => replay.apply(renamed(ops), version), end: () => replay.end() };
      },
    };
    for (const round of [1, 2]) {
      const builds = new StateBuilds(db.pool, round === 1 ? { fold } : {});
      const isNew = ({ body }: Entry): boolean => body.includes(round === 1 ? '"m":' : '"n":');
      let swappedAt = Number.POSITIVE_INFINITY;
      let isOver = false;
      const late: boolean[] = [];
      const readers = opened.map(async (instance) => {
        for (let i = 0; !isOver; i += 1) {
          const askedAt = performance.now();
          const entry = await read(instance, i);
          if (askedAt > swappedAt + BLIND_AFTER_MS) late.push(isNew(entry));
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
      await builds.rebuild(await builds.open(), { acceptDifferences: true });
      swappedAt = performance.now();
      await eventually(() => expect(late.length).toBeGreaterThan(500));
      await allIn(opened);
      isOver = true;
      await Promise.all(readers);
      expect(late.filter((each) => !each)).toHaveLength(0);
      for (const instance of opened) for (const i of refs.keys()) expect(isNew(await read(instance, i))).toBe(true);
    }
  });

  it('are compared with the database by the sampler, as those from memory are', async () => {
    const [a, b] = await start(2, { urls: [redis.url], cluster: false, ...PATIENT });
    const refs = Array.from({ length: 300 }, someone);
    for (const ref of refs) await write(a!.events, ref);
    const read = async ({ cache }: Instance): Promise<void> => {
      for (const ref of refs) await cache.read(refKey(ref));
    };
    await read(a!);
    await eventually(async () => {
      for (const ref of refs) b!.cache.l1.drop(refKey(ref));
      const { l1, l2, samples } = b!.cache.figures;
      const before = { l1: l1.hits, l2: l2.hits, checked: samples.checked };
      await read(b!);
      expect(l1.hits).toBe(before.l1);
      expect(l2.hits).toBeGreaterThan(before.l2 + 128);
      await eventually(() => expect(samples.checked).toBeGreaterThan(before.checked), 2_000);
      expect(samples.wrong).toBe(0);
    });
  });

  it('follow every write, whoever made it', async () => {
    const [a, b] = await start(2);
    const ref = someone();
    for (let i = 1; i <= 30; i += 1) {
      const { version, position } = await write((i % 2 ? a! : b!).events, ref);
      for (const { cache } of [a!, b!]) {
        expect((await cache.read(refKey(ref), { minPosition: position })).version).toBeGreaterThanOrEqual(version);
      }
    }
    for (const { cache } of [a!, b!]) await eventually(async () => expect((await cache.read(refKey(ref))).version).toBe(30));
  });

  const strikes: readonly (readonly [string, () => Promise<() => Promise<void>>])[] = [
    ['is killed and comes back with nothing but an old copy', async () => {
      await redis.kill();
      return () => redis.start();
    }],
    ['hangs', async () => {
      redis.pause();
      return async () => redis.resume();
    }],
  ];
  it.each(strikes)('are never old, also when Redis %s', async (_what, strike) => {
    const [a, b] = await start(2);
    const refs = Array.from({ length: 20 }, someone);
    for (const ref of refs) await write(a!.events, ref);
    for (const { cache } of [a!, b!]) await Promise.all(refs.map((ref) => cache.read(refKey(ref))));
    const heal = await strike();
    let last = 0;
    for (const ref of refs) {
      const { version, position } = await write(a!.events, ref); // Redis cannot be told of this
      expect((await b!.cache.read(refKey(ref), { minPosition: position })).version).toBe(version);
      last = position;
    }
    await heal();
    await eventually(() => expect([a!, b!].map(({ cache }) => cache.appliedPosition)).toEqual([last, last])); // memory may be old for a moment
    await allIn([a!, b!]);
    const [fresh] = await start(1); // has nothing in memory: all it knows is from Redis or the database
    for (const { cache } of [a!, b!, fresh!]) {
      for (const ref of refs) expect((await cache.read(refKey(ref))).version).toBe(2);
    }
  });

  it('are not believed by an instance that starts after others were killed before they told Redis', async () => {
    const [a] = await start(1);
    const ref = someone();
    await write(a!.events, ref);
    await eventually(() => expect(a!.cache.appliedPosition).toBe(1));
    const connection = new RedisConnection({ urls: [redis.url], cluster: false, log: () => undefined });
    await eventually(() => connection.ping());
    await eventually(async () => {
      a!.cache.l1.clear();
      await a!.cache.read(refKey(ref)); // until it lies in Redis
      expect(a!.cache.figures.l2.hits).toBeGreaterThan(0);
    });
    await Promise.all(instances.splice(0).map((each) => each.close()));
    const other = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url }, silent); // writes, and tells nobody
    await write(other, ref);
    await other.close();
    await connection.close();
    const [b] = await start(1);
    expect((await b!.cache.read(refKey(ref))).version).toBe(2);
  });

  it('live in a cluster as well', async () => {
    const cluster = await startRedisCluster(3);
    try {
      const [a, b] = await start(2, { urls: cluster.urls, cluster: true });
      const refs = Array.from({ length: 30 }, someone);
      await Promise.all(refs.map((ref) => write(a!.events, ref)));
      await eventually(() => expect(b!.cache.appliedPosition).toBe(30));
      const read = ({ cache }: Instance): Promise<Entry[]> => Promise.all(refs.map((ref) => cache.read(refKey(ref))));
      await whileSighted(async () => {
        for (const { cache } of [a!, b!]) cache.l1.clear();
        const before = loaded(instances);
        await read(b!);
        await read(a!);
        return loaded(instances) - before;
      }, 30); // one of them at most loaded each
      for (const ref of refs) await write(b!.events, ref);
      await eventually(async () => expect((await read(a!)).map(({ version }) => version)).toEqual(refs.map(() => 2)));
    } finally {
      await Promise.all(instances.splice(0).map((each) => each.close()));
      await cluster.stop();
    }
  });
});

it('what waits to be told to Redis is bounded in bytes, and no change is left out for that', async () => {
  const redis = await startRedis();
  const connection = new RedisConnection({ urls: [redis.url], cluster: false, log: () => undefined });
  const layer = new SharedLayer(undefined as never, connection, undefined as never, new LayerFigures());
  const look = (): void => layer.follow({
    epoch: randomUUID(), revision: 0, upTo: 1, changes: [], askedAtMs: performance.now(), caughtUp: true, restarted: false,
  });
  const body = 'x'.repeat(256 * 1024);
  try {
    await eventually(() => {
      if (!layer.isIn) look();
      expect(layer.isIn).toBe(true);
    });
    for (let i = 1; i <= 200; i += 1) layer.offer(`k${i}`, { version: i, position: i, live: true, etag: `"v${i}"`, body, bytes: body.length });
    expect(layer.waiting).toBe(200);
    expect(layer.waitingBytes).toBe(16 * 2 ** 20);
    await eventually(() => expect([layer.waiting, layer.waitingBytes]).toEqual([0, 0]));
  } finally {
    await connection.close();
    await redis.stop();
  }
});

describe('what stands under one key', () => {
  let redis: RedisServer;
  let connection: RedisConnection;
  let key: string;
  const answer = (version: number): string => JSON.stringify({ value: { v: version, p: version, x: 1, b: `{"v":${version}}` } });
  const lease = (token: string): Promise<unknown> => connection.evaluate(LEASE, key, token, 60_000);
  const fill = (token: string, version: number): Promise<unknown> =>
    connection.evaluate(FILL, key, token, version, answer(version), 60_000);
  const offer = (version: number): Promise<unknown> => connection.evaluate(OFFER, key, version, answer(version), 60_000);
  const invalidate = (version: number): Promise<unknown> => connection.evaluate(INVALIDATE, key, version, 60_000);
  const held = async (): Promise<number | undefined> => (await connection.store().get(key) as { value?: { v?: number } } | undefined)?.value?.v;

  beforeAll(async () => {
    redis = await startRedis();
    connection = new RedisConnection({ urls: [redis.url], cluster: false, ...PATIENT, log: () => undefined });
    await eventually(() => connection.ping());
  });
  afterAll(async () => {
    await connection.close();
    await redis.stop();
  });
  beforeEach(() => {
    key = randomUUID();
  });

  it('is filled by the one who holds the lease, and by nobody without one', async () => {
    expect(await fill('x', 1)).toBe(0);
    expect([await lease('a'), await lease('b')]).toEqual([1, 0]);
    expect(await fill('b', 1)).toBe(0);
    expect([await fill('a', 1), await held(), await fill('a', 2)]).toEqual([1, 1, 0]);
  });

  it('is not filled by a slow reader once something changed', async () => {
    await lease('slow');
    await invalidate(6);
    expect([await fill('slow', 5), await held()]).toEqual([0, undefined]);
    await lease('next');
    expect(await fill('next', 5)).toBe(0); // it read an old replica, say: below the floor
    await lease('third');
    expect([await fill('third', 6), await held()]).toEqual([1, 6]);
  });

  it('is renewed by who committed something newer, and never goes back', async () => {
    await lease('a');
    await fill('a', 3);
    expect([await offer(4), await held()]).toEqual([1, 4]);
    expect([await offer(3), await held()]).toEqual([0, 4]);
    await invalidate(6);
    expect([await offer(5), await held()]).toEqual([0, undefined]);
    expect([await offer(6), await held()]).toEqual([1, 6]);
    expect([await invalidate(6), await held()]).toEqual([0, 6]);
  });

  it('is not written by a late committer where nothing is known, and takes the lease of a reader with it', async () => {
    expect([await offer(5), await held()]).toEqual([0, undefined]);
    await lease('reader'); // it will read version 6 or later, which the late one knows nothing of
    expect([await offer(5), await fill('reader', 6), await held()]).toEqual([0, 0, undefined]);
  });
});
