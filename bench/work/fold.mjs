import { goal, measureInTurn } from '../lib/rounds.mjs';

export const title = 'Read and fold a whole stream of events';
export const order = 3;

/** Length of the stream, and reads in flight. */
const CASES = [{ events: 100, inFlight: 16 }, { events: 10_000, inFlight: 1 }, { events: 10_000, inFlight: 4 }];

const rowName = (who, { events, inFlight }) => `${who}, ${events.toLocaleString('en-US')} events, ${inFlight} in flight`;

/** @param {import('../lib/bench.mjs').Bench} bench */
export async function run(bench) {
  const { rounds, seconds } = bench.plan;
  const rows = [];
  for (const who of ['ours', 'emmett']) {
    const { peer, absent } = await bench.peer(who);
    if (peer) for (const events of new Set(CASES.map((each) => each.events))) await peer.call('seed', { events });
    rows.push(...CASES.map((each) => ({
      name: rowName(who === 'ours' ? 'library' : who, each), absent, run: () => peer.call('fold', { ...each, seconds }),
    })));
  }
  const measured = await measureInTurn({ title: 'fold', rounds, rows: [...rows, ...await httpRows(bench)] });
  return {
    rows: measured.rows,
    goals: CASES.filter(({ events }) => events === 10_000).map((each) => goal(
      `fold of 10,000, ${each.inFlight} in flight: library / emmett ≥ 3 ×`,
      measured.ratio(rowName('library', each), rowName('emmett', each)), { atLeast: 3 })),
    notes: ['No fold is kept on the way (`SNAPSHOT_EVERY`), so that all of it is folded; see the work item history for what readers get.'],
  };
}

async function httpRows(bench) {
  const { port, token } = await bench.service({ env: { SNAPSHOT_EVERY: '1000000000' } });
  const seed = await bench.host('load/http-seed.mjs', { port, token });
  const load = await bench.host('load/http-get.mjs');
  const paths = new Map();
  for (const events of new Set(CASES.map((each) => each.events))) {
    const id = await seed.call('stream', { events: events + 1 });
    paths.set(events, `/api/v1/state/player/${id}?version=${events}`);
  }
  await seed.close();
  return CASES.map((each) => ({
    name: rowName('HTTP GET ?version=', each),
    run: () => load.call('get', { port, token, paths: [paths.get(each.events)], inFlight: each.inFlight, seconds: bench.plan.seconds }),
  }));
}
