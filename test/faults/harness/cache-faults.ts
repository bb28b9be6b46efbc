import { setTimeout as sleep } from 'node:timers/promises';
import { askRedis, eventually } from '@app/testing';
import { request } from 'undici';
import type { Fleet } from './fleet.js';
import { killAllPostgres } from './kill.js';
import type { Random } from './random.js';
import type { Address } from './transport.js';

/** Something that happens to a fleet under load. */
export type Strike = (fleet: Fleet, random: Random) => Promise<void>;

const FEED = ['gss-feed', 'gss-listen'];
const TOLD_WITHIN_MS = 10_000;
/** How long the feed of one instance is away; `FAULTS_FEED_CUT_S=30` for the long run. */
const FEED_CUT_MS = Number(process.env.FAULTS_FEED_CUT_S ?? 5) * 1000;

/** SIGKILL and start, in a loop; what it holds then depends on its persistence. */
export const killRedis: Strike = async ({ redis }, random) => {
  for (let kills = 0; kills < 4; kills += 1) {
    await redis.kill();
    await sleep(random.whole(50, 500));
    await redis.start();
    await sleep(random.whole(200, 1200));
  }
};

/** Away until every instance says so, and back until none does. Nobody becomes unready by it. */
export const takeRedisAway: Strike = async ({ redis, instances }) => {
  await redis.kill();
  await Promise.all(instances.map((instance) => toldHealth(instance, 'degraded')));
  await redis.start();
  await Promise.all(instances.map((instance) => toldHealth(instance, 'healthy')));
};

/** It takes commands and answers none, then all of them at once. */
export const pauseRedis: Strike = async ({ redis }, random) => {
  redis.pause();
  await sleep(random.whole(1500, 2500));
  redis.resume();
  await sleep(300);
};

export const disconnectFromRedis: Strike = async ({ redis }, random) => {
  for (let times = 0; times < 20; times += 1) {
    await askRedis(redis.port, 'CLIENT', 'KILL', 'TYPE', 'normal');
    await sleep(random.whole(20, 150));
  }
};

export const flushRedis: Strike = async ({ redis }, random) => {
  for (let times = 0; times < 20; times += 1) {
    await askRedis(redis.port, 'FLUSHALL');
    await sleep(random.whole(20, 150));
  }
};

export const killPostgres: Strike = async ({ dataDir, postgres }, random) => {
  for (let kills = 0; kills < 2; kills += 1) {
    killAllPostgres(dataDir);
    const before = postgres.pid();
    await eventually(() => {
      if (postgres.pid() === undefined || postgres.pid() === before) throw new Error('PostgreSQL is not back');
    }, 30_000);
    await sleep(random.whole(200, 800));
  }
};

/** The first instance hears nothing of the log for a while, on connections that look alive; it goes on serving, and says that it is degraded. */
export const dropFeed: Strike = async ({ proxy, instances: [first] }) => {
  proxy.begin({ kind: 'drop', only: FEED });
  await Promise.all([sleep(FEED_CUT_MS), toldHealth(first!, 'degraded')]);
  proxy.heal();
  await toldHealth(first!, 'healthy');
};

/** The same, but what was underway arrives in the end. */
export const stallFeed: Strike = async ({ proxy }, random) => {
  for (let times = 0; times < 4; times += 1) {
    proxy.begin({ kind: 'stall', only: FEED });
    await sleep(random.whole(100, 1200));
    proxy.heal();
    await sleep(random.whole(50, 300));
  }
};

export const killInstance: Strike = async ({ instances }, random) => {
  const instance = random.pick(instances);
  await instance.kill();
  await sleep(random.whole(50, 500));
  await instance.start();
};

/** All that can happen to Redis while one instance is cut from the log and another one dies. */
export const everythingAtOnce: Strike = async (fleet, random) => {
  const { instances, proxy } = fleet;
  const last = instances.at(-1)!;
  proxy.begin({ kind: 'drop', only: FEED });
  await Promise.all([
    killRedis(fleet, random),
    (async () => {
      await last.kill();
      await sleep(random.whole(50, 500));
      await last.start();
    })(),
  ]);
  proxy.heal();
  await disconnectFromRedis(fleet, random);
};

async function toldHealth({ url }: Address, status: string): Promise<void> {
  await eventually(async () => {
    const health = await request(`${url}/api/v1/health`);
    const said = await health.body.json() as { status?: string };
    const ready = await request(`${url}/readyz`);
    await ready.body.dump();
    if (health.statusCode !== 200 || said.status !== status || ready.statusCode !== 200) {
      throw new Error(`${url} should be ${status} and ready: ${JSON.stringify(said)}, readyz ${ready.statusCode}`);
    }
  }, TOLD_WITHIN_MS);
}
