import { setTimeout as sleep } from 'node:timers/promises';
import { startMixed } from '../lib/mixed-load.mjs';
import { figure } from '../lib/report.mjs';
import { goal } from '../lib/rounds.mjs';
import { linearFit } from '../lib/stats.mjs';
import { tell } from '../lib/progress.mjs';

// No `order`: it takes more than ten minutes and runs only when it is named.
export const title = 'Soak: memory growth under ten minutes of mixed load';

/** Below what the machine bears, so that no backlog looks like a leak. */
const LOAD = { rate: 2_000, readShare: 0.9, theta: 0.99 };
/** What counts as no growth, in percent of the mean over the time of the soak. */
const NOISE_PERCENT = 5;
const MIB = 2 ** 20;

/** @param {import('../lib/bench.mjs').Bench} bench */
export async function run(bench) {
  const { warmUp, seconds, every } = bench.plan.soak;
  const { load, instances } = await startMixed(bench);
  tell('soak: every player written to through both instances');
  // A bounded memory that is still filling looks like a leak: 10,000 states to decide on are 20 MiB.
  await load.call('touch');
  tell(`soak: warm-up of ${warmUp} s`);
  await load.call('run', { ...LOAD, seconds: warmUp });
  const samples = instances.map(() => []);
  const begun = performance.now();
  const running = load.call('run', { ...LOAD, seconds });
  // A failure of the load is met below, at its await; until then it is no unhandled one.
  running.catch(() => undefined);
  for (let at = 0; at < seconds; at = (performance.now() - begun) / 1000) {
    tell(`soak: ${Math.round(at)} of ${seconds} s`);
    for (const [i, { memory }] of instances.entries()) samples[i].push({ at, ...await memory() });
    await sleep(every * 1000);
  }
  const { failed, unanswered } = await running;
  const found = samples.flatMap((of, i) => ['heapUsed', 'rss'].map((key) => growth(of, key, i + 1, seconds)));
  const refused = Object.values(failed).reduce((sum, count) => sum + count, 0);
  const errors = Object.entries(failed).map(([what, count]) => `; ${what} ${count} times`).join('');
  return {
    rows: [],
    goals: [
      ...found.map(({ text, percent }) => goal(`${text} grows ≤ ${NOISE_PERCENT} %`, { figure: percent }, { atMost: NOISE_PERCENT, unit: ' %' })),
      // A soak that was not under its load says nothing about leaks.
      goal('0 requests refused or unanswered', { figure: refused + unanswered }, { atMost: 0, unit: '' }),
    ],
    notes: [...found.map(({ note }) => note), `${LOAD.rate}/s offered for ${seconds} s; ${unanswered} unanswered${errors}.`],
  };
}

/** How much a line through the samples rises over the soak. Each sample follows a forced garbage collection. */
function growth(samples, key, instance, seconds) {
  const { slope, error, mean } = linearFit(samples.map((sample) => [sample.at, sample[key]]));
  const text = `instance ${instance}, ${key === 'rss' ? 'RSS' : 'heap'}`;
  const minutes = figure(seconds / 60);
  return {
    text, percent: 100 * slope * seconds / mean,
    note: `${text}: mean ${figure(mean / MIB)} MiB, ${figure(slope * seconds / MIB)} ± ${figure(2 * error * seconds / MIB)} MiB in ${minutes} minutes by ${samples.length} samples.`,
  };
}
