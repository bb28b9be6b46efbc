import { goal, measureInTurn } from '../lib/rounds.mjs';

export const title = 'One hot stream, 64 writers without an expected version';
export const order = 2;

const WRITERS = 64;
const LIBRARY = { hot: 'library, one stream', spread: 'library, 10,000 streams' };
const HTTP = { hot: 'HTTP, one stream', spread: 'HTTP, 10,000 streams' };
const EMMETT = 'emmett, one stream';

/** @param {import('../lib/bench.mjs').Bench} bench */
export async function run(bench) {
  const { rounds, seconds } = bench.plan;
  const options = { inFlight: WRITERS, seconds };
  const ours = await bench.peer('ours');
  const emmett = await bench.peer('emmett');
  const { port, token } = await bench.service();
  const load = await bench.host('load/http-append.mjs', { port, token });
  const measured = await measureInTurn({
    title: 'hot', rounds, rows: [
      { name: LIBRARY.spread, absent: ours.absent, run: () => ours.peer.call('append', options) },
      { name: LIBRARY.hot, absent: ours.absent, run: () => ours.peer.call('hot', options) },
      { name: HTTP.spread, run: () => load.call('single', options) },
      { name: HTTP.hot, run: () => load.call('hot', options) },
      { name: EMMETT, absent: emmett.absent, run: () => emmett.peer.call('hot', options) },
    ],
  });
  return {
    rows: measured.rows,
    goals: [
      goal('library: hot / spread ≥ 0.8 ×', measured.ratio(LIBRARY.hot, LIBRARY.spread), { atLeast: 0.8 }),
      goal('HTTP: hot / spread ≥ 0.8 ×', measured.ratio(HTTP.hot, HTTP.spread), { atLeast: 0.8 }),
      goal('library hot / emmett hot ≥ 30 ×', measured.ratio(LIBRARY.hot, EMMETT), { atLeast: 30 }),
    ],
    notes: ['Writers that collide in emmett try again until their event is appended; only appended events count.'],
  };
}
