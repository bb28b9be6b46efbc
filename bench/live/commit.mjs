import { figure } from '../lib/report.mjs';
import { goal, measureInTurn } from '../lib/rounds.mjs';
import { SESSIONS } from './stage.mjs';

const RATE = 1_000;
const COUNT = SESSIONS.toLocaleString('en-US');
const ROW = `commit to receipt, ${RATE.toLocaleString('en-US')} events/s over ${COUNT} sessions`;

/** @param {import('./stage.mjs').Stage} stage */
export async function commitToReceipt({ ours, ids }, { rounds, seconds }) {
  const run = () => ours.load.call('steady', { rate: RATE, seconds, type: 'player', ids, receivers: 1 });
  const { rows } = await measureInTurn({ title: 'live, commit to receipt', rounds, rows: [{ name: ROW, run }] });
  const [{ p99, failure }] = rows;
  return {
    rows,
    goals: [goal(`p99 of ${ROW} < 50 ms`, { figure: p99, why: failure }, { below: 50, unit: ' ms' })],
    notes: [
      `Commit to receipt: each event is a POST of its own, offered whatever comes back (open loop, ${figure(seconds)} s a round), to an aggregate that one session hears of. Counted from the event's timestamp, which the database gives it before the commit is durable, to the read of the message, both in whole ms of one clock.`,
    ],
  };
}
