import { setTimeout as sleep } from 'node:timers/promises';
import { killPostgres, stallFeed } from './harness/cache-faults.js';
import type { Fleet } from './harness/fleet.js';
import type { Random } from './harness/random.js';
import { StreamRun } from './harness/stream-run.js';

/**
 * Reconnects that are forced at least, under faults that go round until then. `FAULTS_STREAM_RECONNECTS=100000` for a long run;
 * `FAULTS_STREAM_SUBSCRIBERS` for another number of clients; `FAULTS_SEED` brings the choices of a run back.
 */
const RECONNECTS = Number(process.env.FAULTS_STREAM_RECONNECTS ?? 10_000);
const SUBSCRIBERS = Number(process.env.FAULTS_STREAM_SUBSCRIBERS ?? 42);

type Strike = (fleet: Fleet, random: Random) => Promise<void>;

const killInstance: Strike = async ({ instances }, random) => {
  const instance = random.pick(instances);
  await instance.kill();
  await sleep(random.whole(0, 300));
  await instance.start();
};
const restartInstance: Strike = async ({ instances }, random) => {
  const instance = random.pick(instances);
  const code = await instance.stop();
  if (code !== 0) throw new Error(`an instance that was told to stop ended with ${code}: ${instance.lastWords}`);
  await instance.start();
};
const STRIKES: Strike[] = [killInstance, killPostgres, restartInstance, stallFeed];

it('tells each subscriber every change once, in order, however often it is cut', async () => {
  const run = await StreamRun.begin('streams', { instances: 2, subscribers: SUBSCRIBERS });
  try {
    await run.during(async () => {
      for (let i = 0; i < STRIKES.length || run.reconnects < RECONNECTS; i += 1) {
        await sleep(run.random.whole(500, 2_000));
        const strike = STRIKES[i % STRIKES.length]!;
        run.struck.push(strike.name);
        await strike(run.fleet, run.random);
      }
    });
    run.assertNothingWrong();
    expect(run.reconnects).toBeGreaterThanOrEqual(RECONNECTS);
  } finally {
    await run.end();
  }
}, 240_000 + RECONNECTS * 60);
