import { startMixed } from '../lib/mixed-load.mjs';
import { hitRate, readMetrics } from '../lib/metrics.mjs';
import { figure } from '../lib/report.mjs';
import { goal } from '../lib/rounds.mjs';
import { tell } from '../lib/progress.mjs';

export const title = 'Mixed load: 10,000 players, Zipf 0.99, 90 % reads, 1,000 events/s offered, two instances with Redis';
export const order = 5;

const LOAD = { rate: 10_000, readShare: 0.9, theta: 0.99 };

/** @param {import('../lib/bench.mjs').Bench} bench */
export async function run(bench) {
  const { warmUp, seconds } = bench.plan.mixed;
  const { load, ports } = await startMixed(bench);
  tell(`mixed: warm-up of ${warmUp} s`);
  await load.call('run', { ...LOAD, seconds: warmUp });
  const before = await Promise.all(ports.map(readMetrics));
  tell(`mixed: ${seconds} s`);
  const result = await load.call('run', { ...LOAD, seconds });
  const hits = hitRate(before, await Promise.all(ports.map(readMetrics)));
  const { read, write, cores } = result;
  const rows = [
    { name: 'reads', unit: '/s', ...(read ?? { failure: 'none was answered' }), cores },
    { name: 'writes', unit: '/s', ...(write ?? { failure: 'none was answered' }), cores },
  ];
  return { rows, goals: goalsOf(result, hits), notes: notesOf(result, seconds) };
}

function goalsOf({ read, write, stale, failed, unanswered }, hits) {
  const ms = { below: 10, unit: ' ms' };
  const errors = Object.values(failed).reduce((sum, count) => sum + count, 0) + unanswered;
  return [
    goal('p99 of reads < 10 ms', { figure: read?.p99 }, ms),
    goal('p99 of writes < 10 ms', { figure: write?.p99 }, ms),
    goal('hit rate ≥ 98 %', hits, { atLeast: 98, unit: ' %' }),
    goal('0 answers staler than 200 ms', { figure: stale.old }, { atMost: 0, unit: '' }),
    goal('0 requests refused or unanswered', { figure: errors }, { atMost: 0, unit: '' }),
  ];
}

function notesOf({ stale, failed, sent, offered, unanswered }, seconds) {
  const told = Object.entries(failed).map(([what, count]) => `${what} ${count} times`);
  return [
    `${sent.toLocaleString('en-US')} requests in ${seconds} s, ${offered.toLocaleString('en-US')}/s offered whatever came back (open loop); latency counts from the moment a request was due, timer included (about 1 ms), also for what got no answer.`,
    `Stale answers of any age: ${stale.any.toLocaleString('en-US')}, the stalest ${figure(stale.worst)} ms after the acknowledgement of a newer version.`,
    ...(unanswered > 0 ? [`${unanswered.toLocaleString('en-US')} requests were not answered 3 s after the end.`] : []),
    ...(told.length > 0 ? [`Failures: ${told.join('; ')}.`] : []),
  ];
}
