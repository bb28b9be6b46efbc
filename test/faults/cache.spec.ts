import {
  disconnectFromRedis, dropFeed, everythingAtOnce, flushRedis, killInstance, killPostgres, killRedis, pauseRedis, stallFeed,
  type Strike, takeRedisAway,
} from './harness/cache-faults.js';
import { CacheRun } from './harness/cache-run.js';
import type { FleetOptions } from './harness/fleet.js';

/** How often all of it; more for a longer run. */
const TIMES = Number(process.env.FAULTS_CACHE_TIMES ?? 1);

const RUNS: [name: string, options: FleetOptions, rounds: Strike[][]][] = [
  ['two instances, a Redis that forgets', { instances: 2, redis: 'none' },
    [[killRedis, takeRedisAway], [pauseRedis, disconnectFromRedis, flushRedis], [dropFeed]]],
  ['three instances, a Redis that comes back from an old copy', { instances: 3, redis: 'snapshot' },
    [[killRedis, killPostgres], [killInstance, stallFeed], [everythingAtOnce]]],
  ['two instances without Redis', { instances: 2 }, [[dropFeed, killPostgres]]],
];

it.each(RUNS)('is never stale for long, and loses nothing: %s', async (name, options, rounds) => {
  const run = await CacheRun.begin(name, options);
  try {
    for (let time = 1; time <= TIMES; time += 1) {
      for (const strikes of rounds) await run.round(strikes);
    }
    await run.checkAll();
  } finally {
    await run.end();
  }
}, 300_000 * (1 + TIMES));
