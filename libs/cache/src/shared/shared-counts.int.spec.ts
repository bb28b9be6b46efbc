import { askRedis, eventually, type RedisServer, startRedis, startRedisCluster } from '@app/testing';
import { RedisConnection } from './redis-connection.js';
import { sharedCounts } from './shared-counts.js';

describe('counts shared in Redis', () => {
  let redis: RedisServer;
  const connections: RedisConnection[] = [];

  const connect = async (urls: readonly string[], cluster = false): Promise<RedisConnection> => {
    const connection = new RedisConnection({ urls, cluster, timeoutMs: 60_000, log: () => undefined });
    connections.push(connection);
    await eventually(() => connection.ping());
    return connection;
  };
  const each = (subjects: number, delta: number): Map<string, number> =>
    new Map(Array.from({ length: subjects }, (_, i) => [`subject ${i} ☃`, delta]));

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
  });
  afterAll(async () => {
    await redis.stop();
  });

  it('are totals over all instances, of the subjects that were told', async () => {
    const [here, there] = (await Promise.all([connect([redis.url]), connect([redis.url])])).map(sharedCounts);
    expect(await here!.add('1', new Map([['a', 3], ['b', 1]]))).toEqual(new Map([['a', 3], ['b', 1]]));
    expect(await there!.add('1', new Map([['a', 4]]))).toEqual(new Map([['a', 7]]));
    expect(await here!.add('2', new Map([['a', 1]]))).toEqual(new Map([['a', 1]]));
  });

  it('leave the connection to the cache, however many subjects are active', async () => {
    const connection = await connect([redis.url]);
    let isAdding = true;
    const adding = sharedCounts(connection).add('many', each(20_000, 2)).finally(() => { isAdding = false; });
    let answered = 0;
    for (; isAdding; answered += 1) await connection.ping();
    const totals = await adding;
    expect([totals.size, new Set(totals.values())]).toEqual([20_000, new Set([2])]);
    expect(answered).toBeGreaterThan(20); // between one part of the subjects and the next
  });

  it('end by themselves, also where an earlier call was cut off before it said so', async () => {
    await askRedis(redis.port, 'HSET', 'gss:count:cut', 'a', '1');
    const counts = sharedCounts(await connect([redis.url]));
    expect(await counts.add('cut', new Map([['a', 1]]))).toEqual(new Map([['a', 2]]));
    const left = Number((await askRedis(redis.port, 'PTTL', 'gss:count:cut')).slice(1));
    expect(left).toBeGreaterThan(60_000);
    expect(left).toBeLessThanOrEqual(120_000);
  });

  it('live in a cluster as well', async () => {
    const cluster = await startRedisCluster(3);
    try {
      const counts = sharedCounts(await connect(cluster.urls, true));
      await counts.add('1', each(1_200, 1));
      expect(await counts.add('1', each(1_200, 1))).toEqual(each(1_200, 2));
      // Each call went to the node that has the key.
      for (const { port } of cluster.nodes) expect(await askRedis(port, 'INFO', 'errorstats')).not.toContain('MOVED');
    } finally {
      await Promise.all(connections.splice(0).map((connection) => connection.close()));
      await cluster.stop();
    }
  });
});
