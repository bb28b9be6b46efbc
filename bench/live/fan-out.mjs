import { newIds } from '../lib/events.mjs';
import { figure } from '../lib/report.mjs';
import { goal, measureInTurn } from '../lib/rounds.mjs';
import { SESSIONS } from './stage.mjs';

const CHANNEL = 'world/*';
const COUNT = SESSIONS.toLocaleString('en-US');
const TEN = 10;
const OURS = `one change to ${COUNT} sockets`;
const OURS_TEN = `ten changes in one batch to ${COUNT} sockets`;
const BARE = 'bare server, one buffer in a loop';
const BARE_TEN = 'bare server, ten frames as one buffer';

/**
 * The table's first figure is CPU time of the serving process for one broadcast; its quantiles are from the first receipt to the last.
 * @param {import('./stage.mjs').Stage} stage
 * @param {import('../lib/plan.mjs').Plan['live']} plan
 */
export async function fanOut({ ours, bare, server }, { rounds, broadcasts }) {
  await ours.load.call('subscribe', { group: 'most', channels: [CHANNEL] });
  const ids = newIds(TEN);
  const { sample } = await ours.load.call('broadcasts', { times: 1, changes: 1, events: { type: 'world', ids: ids.slice(0, 1) } });
  await server.call('frame', { text: sample });
  const unheard = [];
  const row = (name, side, changes, isOurs) => ({
    name, unit: ' ms CPU', run: async () => {
      const events = (type) => ({ type, ids: ids.slice(0, changes) });
      const heard = await cpuOf(side, broadcasts, () =>
        side.load.call('broadcasts', { times: broadcasts, changes, ...(isOurs && { events: events('world') }) }));
      if (!isOurs) return { ...heard, rate: heard.cpu };
      // The write itself, which the bare server does not have to do: the same one to nobody.
      const { cpu } = await cpuOf(side, broadcasts, () => side.load.call('writes', { times: broadcasts, events: events('guild') }));
      unheard.push({ changes, cpu });
      return { ...heard, rate: heard.cpu - cpu };
    },
  });
  const measured = await measureInTurn({
    title: 'live, fan-out', rounds, rows: [row(OURS, ours, 1, true), row(BARE, bare, 1, false), row(OURS_TEN, ours, TEN, true), row(BARE_TEN, bare, TEN, false)],
  });
  return { rows: measured.rows, goals: goalsOf(measured), notes: notesOf(measured, sample, unheard) };
}

async function cpuOf({ cpu }, times, work) {
  const before = await cpu();
  const result = await work();
  const after = await cpu();
  return { ...result, cpu: (after.user - before.user + after.system - before.system) / 1000 / times };
}

function goalsOf(measured) {
  return [
    goal('CPU of a change / bare loop ≤ 1.3 ×', measured.ratio(OURS, BARE), { atMost: 1.3 }),
    goal('first to last receipt of a change / bare loop ≤ 1.3 ×', measured.ratio(OURS, BARE, 'p50'), { atMost: 1.3 }),
    goal('CPU of ten changes / one ≤ 2 ×', measured.ratio(OURS_TEN, OURS), { atMost: 2 }),
    goal('first to last receipt of ten changes / one ≤ 2 ×', measured.ratio(OURS_TEN, OURS, 'p50'), { atMost: 2 }),
  ];
}

function notesOf({ rows }, sample, unheard) {
  const mean = (changes) => {
    const of = unheard.filter((each) => each.changes === changes);
    return figure(of.reduce((sum, { cpu }) => sum + cpu, 0) / of.length);
  };
  const reads = rows.find(({ name }) => name === OURS_TEN).runs.map((run) => run.reads);
  return [
    `Fan-out: the first figure is CPU time of the serving process for one broadcast, system calls included; p50 and p99 are from the first receipt to the last, of ${COUNT} sockets in one process.`,
    `From ours the CPU time of the same write to nobody is taken off (${mean(1)} ms of one event, ${mean(TEN)} ms of a batch of ten): it answers HTTP, commits, and reads the log, where the bare server has its buffer ready. Both send the same ${Buffer.byteLength(sample)} bytes of message.`,
    `The ten of a batch reached a socket in ${figure(Math.max(...reads))} reads at most (mean of a run): 1 is all together.`,
  ];
}
