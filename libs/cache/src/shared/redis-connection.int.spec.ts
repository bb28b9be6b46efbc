import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { askRedis, eventually, type RedisServer, startRedis, startRedisCluster } from '@app/testing';
import { RedisConnection } from './redis-connection.js';

/** A way to a server whose open connections can be forgotten: both ends believe in them, and nothing arrives any more. */
async function forgetfulWay({ port }: RedisServer): Promise<{ url: string; opened(): number; forget(): void; close(): void }> {
  const links: (readonly [Socket, Socket])[] = [];
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    for (const socket of [from, to]) socket.on('error', () => undefined); // the other end shows it
    from.pipe(to);
    to.pipe(from);
    links.push([from, to]);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    opened: () => links.length,
    forget: () => {
      for (const socket of links.flat()) socket.unpipe().resume();
    },
    close: () => {
      for (const socket of links.flat()) socket.destroy();
      server.close();
    },
  };
}

describe('the connection to Redis', () => {
  it('is made anew when it died without a word', async () => {
    const redis = await startRedis();
    const way = await forgetfulWay(redis);
    let lost = 0;
    // On a busy machine 100 ms are over before an answer now and then, which makes it anew as well.
    const connection = new RedisConnection({ urls: [way.url], cluster: false, timeoutMs: 1_000, log: () => undefined });
    connection.onLost(() => { lost += 1; });
    try {
      await eventually(() => connection.ping());
      way.forget();
      await expect(connection.ping()).rejects.toThrow('no answer within');
      await eventually(() => connection.ping());
      expect([way.opened(), lost]).toEqual([2, 1]);
      await eventually(async () => {
        const clients = await askRedis(redis.port, 'CLIENT', 'LIST', 'TYPE', 'normal');
        expect(clients.match(/^id=/gm)).toHaveLength(3); // the forgotten one, the new one, who asks
      });
    } finally {
      await connection.close();
      way.close();
      await redis.stop();
    }
  });

  it('follows a cluster whose master died for good to the replica that took its place', async () => {
    const cluster = await startRedisCluster(3, 1);
    const connection = new RedisConnection({ urls: cluster.urls.slice(0, 3), cluster: true, timeoutMs: 5_000, log: () => undefined }); // what is dead says so at once
    let lost = 0;
    connection.onLost(() => { lost += 1; });
    const keys = Array.from({ length: 60 }, (_, i) => `key-${i}`);
    const askAll = (): Promise<unknown> => Promise.all(keys.map((key) => connection.forget(key)));
    try {
      await eventually(askAll);
      await cluster.nodes[0]!.kill();
      await eventually(async () => expect(await askRedis(cluster.nodes[3]!.port, 'ROLE')).toContain('master'));
      await eventually(async () => { // and stays with it; on a busy machine an answer of one round may be late
        const before = lost;
        for (let times = 0; times < 30; times += 1) {
          await askAll();
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        expect(lost).toBe(before);
      });
    } finally {
      await connection.close();
      await cluster.stop();
    }
  });
});
