import { setTimeout as sleep } from 'node:timers/promises';
import { newIds } from '../lib/events.mjs';
import { readMetrics } from '../lib/metrics.mjs';
import { figure } from '../lib/report.mjs';
import { goal, measureInTurn } from '../lib/rounds.mjs';
import { median } from '../lib/stats.mjs';
import { SESSIONS } from './stage.mjs';

const STOPPED = 200;
const COUNT = SESSIONS.toLocaleString('en-US');
/** Changes a second on the channel that all share. */
const RATE = 2;
const MIB = 2 ** 20;
/** The flood that fills the sockets of the stopped: events of a request, and bytes of an event. Together less than waits for a session at most. */
const FLOOD = 3;
const FLOOD_BYTES = 16_000;
const MOST_FLOODS = 500;
/** Until what was written is at the sockets. */
const SETTLE_MS = 30;
const READING = `all ${COUNT} read`;
const WITH = `${STOPPED} of ${COUNT} have stopped reading`;

/**
 * The same traffic on a channel that all share, without and with sessions that do not read.
 * @param {import('./stage.mjs').Stage} stage with the sessions subscribed to `world/*`
 */
export async function stoppedReaders({ ours, service }, { rounds, seconds }) {
  const [world, ...flood] = newIds(1 + FLOOD);
  await ours.load.call('leave', { group: 'most', count: STOPPED });
  const rss = { [READING]: [], [WITH]: [] };
  const queued = [];
  const row = (name, stops) => ({
    name, run: async () => {
      const channels = Array.from({ length: STOPPED }, () => ['world/*', 'combat/*']);
      await ours.load.call('connect', { group: 'few', channels, counts: false });
      if (stops) queued.push(await stop(ours.load, service, flood));
      const result = await ours.load.call('steady', { rate: RATE, seconds, type: 'world', ids: [world] });
      rss[name].push((await service.memory()).rss);
      await ours.load.call('close', { group: 'few' });
      return result;
    },
  });
  const measured = await measureInTurn({ title: 'live, stopped readers', rounds, warmUp: false, rows: [row(READING, false), row(WITH, true)] });
  const more = measured.rows.some(({ failure }) => failure !== undefined)
    ? { why: 'a row failed' }
    : { figure: median(rss[WITH].map((bytes, i) => bytes - rss[READING][i])) / MIB };
  return { rows: measured.rows, goals: goalsOf(measured, more), notes: notesOf(queued) };
}

/** Stops the few, and fills what the kernel keeps for them, so that from then on what they do not read waits in the service. */
async function stop(load, { port }, flood) {
  await load.call('stop', { group: 'few' });
  const waiting = async () => (await readMetrics(port))('gss_stream_queued_bytes');
  for (let sent = FLOOD; sent <= MOST_FLOODS; sent += FLOOD) {
    await load.call('writes', { times: 1, events: { type: 'combat', ids: flood, bytes: FLOOD_BYTES } });
    await sleep(SETTLE_MS);
    const bytes = await waiting();
    if (bytes >= STOPPED * FLOOD_BYTES) return { sent, bytes };
  }
  throw new Error(`the stopped sockets took ${MOST_FLOODS} messages of ${FLOOD_BYTES} bytes: nothing waits in the service`);
}

function goalsOf(measured, more) {
  return [
    goal(`p99 of the others with ${STOPPED} stopped / without ≤ 1.1 ×`, measured.ratio(WITH, READING, 'p99'), { atMost: 1.1 }),
    goal(`RSS with ${STOPPED} stopped ≤ 50 MiB more`, more, { atMost: 50, unit: ' MiB' }),
  ];
}

function notesOf(queued) {
  const told = queued.length === 0 ? 'they could not be filled' : `${queued.at(-1).sent} messages of ${FLOOD_BYTES.toLocaleString('en-US')} bytes on a channel of their own, until ${figure(queued.at(-1).bytes / MIB)} MiB of them waited in the service`;
  return [
    `Stopped readers: ${RATE} changes a second reach ${(SESSIONS - STOPPED).toLocaleString('en-US')} sessions that read, commit to receipt, and ${STOPPED} more. Before, the stopped ones got ${told}: from then on what they do not read is the service's to keep. RSS is after a collection at the end of the traffic, before the service ends those that have not read for ten seconds.`,
  ];
}
