import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, createCluster } from '@redis/client';
import { eventually, type PersistenceOfRedis, startRedis, startRedisCluster } from './index.js';

async function connected(url: string) {
  const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: 20 } });
  client.on('error', () => undefined); // expected when the server is killed
  await client.connect();
  return client;
}

describe('a Redis of a spec', () => {
  it.each<[PersistenceOfRedis, string | null]>([['none', null], ['log', 'kept']])(
    'comes back on its port after a kill, with persistence "%s" to what it holds then', async (persistence, left) => {
      const redis = await startRedis({ persistence });
      const client = await connected(redis.url);
      try {
        await client.set('key', 'kept');
        await redis.kill();
        expect(redis.pid).toBeUndefined();
        await eventually(() => expect(client.isReady).toBe(false));
        await redis.start();
        await eventually(async () => expect(await client.get('key')).toBe(left));
      } finally {
        await client.disconnect();
        await redis.stop();
      }
    });

  it('comes back to an older state from a snapshot', async () => {
    const redis = await startRedis({ persistence: 'snapshot' });
    const client = await connected(redis.url);
    try {
      await client.set('key', 'old');
      await eventually(async () => expect(await client.info('persistence')).toContain('rdb_changes_since_last_save:0'));
      await client.configSet('save', ''); // the next snapshot is due a second later, and a busy machine may get to the kill after it
      await client.set('key', 'new');
      await redis.kill();
      await redis.start();
      await eventually(async () => expect(await client.get('key')).toBe('old'));
    } finally {
      await client.disconnect();
      await redis.stop();
    }
  });

  it('takes bytes and does not answer while it is paused', async () => {
    const redis = await startRedis();
    const client = await connected(redis.url);
    try {
      redis.pause();
      let answered = false;
      const asked = client.ping().then(() => { answered = true; });
      await Promise.race([asked, sleep(200)]);
      expect(answered).toBe(false);
      redis.resume();
      await asked;
    } finally {
      await client.disconnect();
      await redis.stop();
    }
  });

  it('says what is wrong when it does not start', async () => {
    await expect(startRedis({ args: ['--no-such-setting', '1'] })).rejects.toThrow('no-such-setting');
  });
});

it('has a cluster whose nodes share the keys', async () => {
  const cluster = await startRedisCluster();
  const client = createCluster({ rootNodes: cluster.urls.slice(0, 1).map((url) => ({ url })) });
  try {
    await client.connect();
    await Promise.all(Array.from({ length: 100 }, (_, i) => client.set(`key-${i}`, String(i))));
    expect(await client.get('key-42')).toBe('42');
    const sizes = await Promise.all(cluster.urls.map(async (url) => {
      const node = await connected(url);
      try {
        return await node.dbSize();
      } finally {
        await node.disconnect();
      }
    }));
    expect(sizes).toHaveLength(3);
    expect(Math.min(...sizes)).toBeGreaterThan(10);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(100);
  } finally {
    await client.disconnect();
    await cluster.stop();
  }
});
