import { median } from '../lib/stats.mjs';
import { figure } from '../lib/report.mjs';
import { goal, measureInTurn } from '../lib/rounds.mjs';

// No `order`: it says what shedding does, not what the service can do. It runs only when it is named.
export const title = 'Overload: single appends over HTTP from more clients than can be served in a second';

const CALM = { inFlight: 256 };
const FLOOD = { inFlight: 8_000 };
const nameOf = ({ inFlight }) => `${inFlight.toLocaleString('en-US')} in flight`;

/** @param {import('../lib/bench.mjs').Bench} bench */
export async function run(bench) {
  const seconds = 2 * bench.plan.seconds;
  const { port, token } = await bench.service();
  const load = await bench.host('load/http-flood.mjs', { port, token, connections: FLOOD.inFlight });
  const refused = [];
  const measured = await measureInTurn({
    title: 'overload', rounds: bench.plan.rounds,
    rows: [CALM, FLOOD].map((row) => ({
      name: nameOf(row), run: async () => {
        const run = await load.call('flood', { ...row, seconds });
        if (row === FLOOD) refused.push(run.refused);
        return run;
      },
    })),
  });
  const { rate, p99, failure } = measured.rows.find(({ name }) => name === nameOf(FLOOD));
  const shed = refused.filter((each) => each !== undefined);
  return {
    rows: measured.rows,
    goals: [
      goal('p99 of what is accepted in the flood < 2,000 ms', { figure: p99, why: failure }, { below: 2_000, unit: ' ms' }),
      goal('accepted in the flood / calm ≥ 0.7 ×', measured.ratio(nameOf(FLOOD), nameOf(CALM)), { atLeast: 0.7 }),
    ],
    notes: [
      shed.length === 0 ? 'Nothing was refused.' : `Refused with 503: ${figure(median(shed.map((each) => each.rate)))}/s, answered after ${
        figure(median(shed.map((each) => each.p50)))} ms (p50) and ${figure(median(shed.map((each) => each.p99)))} ms (p99); a refused client waits as long as Retry-After says.`,
      `If none were refused, each of ${FLOOD.inFlight.toLocaleString('en-US')} would wait ${figure(1000 * FLOOD.inFlight / rate)} ms for its turn.`,
    ],
  };
}
