import { setTimeout as sleep } from 'node:timers/promises';
import { newIds } from '../lib/events.mjs';
import { tell } from '../lib/progress.mjs';

export const SESSIONS = 10_000;
/** A subject has at most 1,000 sessions. */
const SUBJECTS = 25;
/** Sessions that come and go first, so that compiled code and buffers are there before the first look. */
const WARM = 500;
/** The server has heard of their end by then. */
const GONE_MS = 1_000;

/**
 * A service and a bare `ws` server in processes of their own, with as many sessions each, every one subscribed to a channel of its own;
 * the clients of each are another process. Memory is looked at before and after.
 *
 * @param {import('../lib/bench.mjs').Bench} bench
 * @returns {Promise<Stage>}
 * @typedef {{ ours: Side, bare: Side, service: object, server: import('../lib/host.mjs').Host, ids: string[], close: () => Promise<void> }} Stage
 * @typedef {{ load: object, grown: Record<'rss' | 'heapUsed', number>, perSecond: number, cpu: () => Promise<NodeJS.CpuUsage> }} Side `grown`: by the sessions, bytes
 */
export async function openStage(bench) {
  const tokens = await bench.tokens(SUBJECTS);
  const [service, server] = [await bench.service(), await bench.host('load/bare-ws.mjs')];
  const ids = newIds(SESSIONS);
  const sides = [
    { name: 'this service', port: service.port, memory: service.memory, cpu: service.cpu },
    { name: 'the bare server', port: await server.call('port'), memory: () => server.call('memory'), cpu: () => server.call('cpu') },
  ];
  const opened = [];
  for (const { name, port, memory, cpu } of sides) {
    tell(`live: ${SESSIONS} sessions of ${name}`);
    const load = await bench.host('load/live-sockets.mjs', { port, tokens });
    opened.push({ load, cpu, memory, ...await fill({ load, memory, ids }) });
  }
  const [ours, bare] = opened;
  const close = () => Promise.all([ours.load, bare.load, service, server].map((each) => each.close()));
  return { ours, bare, service, server, ids, close };
}

async function fill({ load, memory, ids }) {
  const channels = ids.map((id) => [`player/${id}`]);
  await load.call('connect', { group: 'warm', channels: channels.slice(0, WARM) });
  await load.call('close', { group: 'warm' });
  await sleep(GONE_MS);
  const before = await memory();
  const { ms } = await load.call('connect', { group: 'most', channels });
  const after = await memory();
  const grown = Object.fromEntries(['rss', 'heapUsed'].map((key) => [key, after[key] - before[key]]));
  return { grown, perSecond: ids.length / ms * 1000 };
}
