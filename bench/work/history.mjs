import { tell } from '../lib/progress.mjs';
import { figure } from '../lib/report.mjs';
import { goal, measureInTurn } from '../lib/rounds.mjs';

// No `order`: filling the logs takes minutes. It runs only when it is named.
export const title = 'History: old versions, verify, rebuild and replay';

const LONG = { full: 1_000_000, quick: 100_000 };
const SPREAD = { full: { events: 200_000, aggregates: 5_000 }, quick: { events: 50_000, aggregates: 2_500 } };
const ROUNDS = { full: 3, quick: 1 };

const ONE = 'library, a random version, 1 in flight';
const VERIFY = 'verify, one connection';
const WRITERS = 16;
const STATES = `rebuild of states under ${WRITERS} writers, library`;
const OPERATIONS = [
  { name: 'rebuild of analytics', path: '/rebuild', body: { target: 'analytics' } },
  { name: 'replay through the fold', path: '/replay', body: { through: 'fold' } },
];

/** @param {import('../lib/bench.mjs').Bench} bench */
export async function run(bench) {
  const travelled = await travel(bench);
  const walked = await walk(bench);
  return { rows: [...travelled.rows, ...walked.rows], goals: [...travelled.goals, ...walked.goals], notes: [...travelled.notes, ...walked.notes] };
}

/** One aggregate that has seen a lot, read at random versions. */
async function travel(bench) {
  const { rounds, seconds, name } = bench.plan;
  const events = LONG[name];
  const { peer, absent } = await bench.peer('ours');
  tell(`history: filling one aggregate with ${figure(events)} events`);
  if (peer) await peer.call('seed', { events });
  const before = await peer?.call('memory');
  let slowest = 0;
  const read = async (inFlight) => {
    const measured = await peer.call('travel', { events, inFlight, seconds });
    if (inFlight === 1) slowest = Math.max(slowest, measured.max);
    return measured;
  };
  const measured = await measureInTurn({
    title: 'history', rounds, rows: [
      { name: ONE, absent, run: () => read(1) },
      { name: 'library, a random version, 16 in flight', absent, run: () => read(16) },
    ],
  });
  const grown = ((await peer?.call('memory')) - before) / 2 ** 20;
  const { p99, failure } = measured.rows.find((row) => row.name === ONE);
  return {
    rows: measured.rows,
    goals: [goal('p99 of reading a version < 50 ms', { figure: p99, why: failure }, { below: 50, unit: ' ms' })],
    notes: [`One aggregate with ${figure(events)} events: the slowest read alone took ${figure(slowest)} ms; the process grew by ${figure(grown)} MiB while it read.`],
  };
}

/** Many aggregates, walked from end to end. */
async function walk(bench) {
  const { events, aggregates } = SPREAD[bench.plan.name];
  const database = await (await bench.postgres).database('history');
  const library = await bench.host('peers/ours.mjs', { url: database.url });
  tell(`history: filling ${figure(aggregates)} aggregates with ${figure(events)} events`);
  await library.call('spread', { events, aggregates });
  const { port } = await bench.service({ database });
  const operations = await bench.host('load/operations.mjs', { port, token: await bench.operatorToken() });
  const results = new Map();
  const swaps = [];
  const kept = (name, { rate, result }) => {
    results.set(name, result);
    return { rate };
  };
  const measured = await measureInTurn({
    title: 'history', rounds: ROUNDS[bench.plan.name], warmUp: false, rows: [
      { name: VERIFY, unit: ' events/s', run: () => library.call('verify') },
      { name: STATES, unit: ' events/s', run: async () => {
        const rebuilt = await library.call('rebuild', { writers: WRITERS });
        swaps.push(rebuilt.result.swapMs);
        return kept(STATES, rebuilt);
      } },
      ...OPERATIONS.map(({ name, ...work }) => ({
        name: `${name}, over HTTP`, unit: ' events/s', run: async () => kept(name, await operations.call('work', work)),
      })),
    ],
  });
  const verified = measured.rows.find(({ name }) => name === VERIFY);
  const cpu = verified.failure === undefined ? `; verify took ${figure(verified.cores / verified.rate * 1e6)} µs of CPU in Node for an event` : '';
  return {
    rows: measured.rows,
    goals: [
      goal('verify ≥ 50,000 events/s', { figure: verified.rate, why: verified.failure }, { atLeast: 50_000, unit: ' events/s' }),
      goal(`slowest swap of a rebuild of states under ${WRITERS} writers < 100 ms`, {
        figure: swaps.length > 0 && swaps.every((ms) => ms !== undefined) ? Math.max(...swaps) : undefined, why: 'a rebuild did not say',
      }, { below: 100, unit: ' ms' }),
    ],
    notes: [
      `${figure(events)} events of ${figure(aggregates)} aggregates${cpu}. Operations are timed by their own begin and end.`,
      ...[...results].map(([name, result]) => `${name}: ${JSON.stringify(result)}`),
    ],
  };
}
