import { SHARED } from './harness/cache-load.js';
import { CacheRun } from './harness/cache-run.js';
import type { FleetOptions } from './harness/fleet.js';

/** What is wrong shows in some of the answers: after so many short loads it must have. */
const LOADS = 10;

async function withRun(options: FleetOptions, work: (run: CacheRun) => Promise<void>): Promise<void> {
  const run = await CacheRun.begin('control of the cache', options);
  try {
    await work(run);
  } finally {
    await run.end();
  }
}

it('finds one dropped invalidation, and nothing else, after quiet', async () => {
  const planted = { 1: `deaf-to-one-change.mjs?every=${SHARED}` };
  await withRun({ instances: 2, redis: 'none', planted }, async (run) => {
    await run.quietAndCheck(); // from now on both have everything in memory
    run.assertNothingWrong();
    // At most one is dropped each time. An instance that is held up does not lean on its caches, and finds out by itself.
    for (let times = 0; times < LOADS && run.violations.length === 0; times += 1) {
      await run.load.writeShared();
      await run.quietAndCheck();
    }
    expect(run.violations).toEqual([{ kind: 'stale', what: expect.stringContaining('instance 1, from its caches') }]);
  });
});

it('finds through a fresh instance what is old in Redis', async () => {
  const planted = { 0: 'tells-redis-nothing.mjs', 1: 'tells-redis-nothing.mjs' };
  await withRun({ instances: 2, redis: 'none', planted }, async (run) => {
    await run.quietAndCheck(); // from now on Redis has everything
    await run.checkFresh();
    run.assertNothingWrong();
    await run.load.writeShared();
    await run.checkFresh();
    expect(run.violations.length).toBeGreaterThan(0);
    expect(run.violations.filter(({ kind, what }) => kind !== 'stale' || !what.startsWith('a fresh instance, from its caches'))).toEqual([]);
  });
});

it('finds under load what is wrong with each instance', async () => {
  const planted = { 0: 'deaf.mjs', 1: 'ignores-positions.mjs', 2: 'garbles.mjs' };
  await withRun({ instances: 3, planted }, async (run) => {
    const wrongWith = (kind: string, instance: number): number => run.violations.filter(
      (each) => each.kind === kind && each.what.includes(run.fleet.instances[instance]!.url)).length;
    const all = (): number[] => [wrongWith('stale', 0), wrongWith('unseen', 1), wrongWith('bytes', 2)];
    for (let loads = 0; loads < LOADS && all().includes(0); loads += 1) await run.underLoad(async () => undefined);
    expect(Math.min(...all())).toBeGreaterThan(0);
  });
});
