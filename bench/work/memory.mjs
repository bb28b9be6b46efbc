import { readMetrics } from '../lib/metrics.mjs';
import { figure } from '../lib/report.mjs';
import { goal } from '../lib/rounds.mjs';
import { tell } from '../lib/progress.mjs';

export const title = 'Memory for a hot aggregate of 1 KB state';
export const order = 6;

const WARM = 1_000;
/** Room for all of them: this asks what one costs, not when it is evicted. */
const ENV = { L1_MAX_BYTES: String(512 * 2 ** 20) };

/** @param {import('../lib/bench.mjs').Bench} bench */
export async function run(bench) {
  const { aggregates } = bench.plan.memory;
  const { port, token, memory } = await bench.service({ env: ENV });
  const seed = await bench.host('load/http-seed.mjs', { port, token });
  tell(`memory: ${aggregates} players`);
  const [warm, hot] = [await seed.call('players', { count: WARM }), await seed.call('players', { count: aggregates })];
  const load = await bench.host('load/http-get.mjs');
  const readAll = (ids, times) => load.call('visit', { port, token, paths: ids.map((id) => `/api/v1/state/player/${id}`), inFlight: 16, times });
  // Compiled code and buffers of the connections are there before the first look.
  await readAll(warm, 10);
  const entries = async () => (await readMetrics(port))('gss_cache_entries', { layer: 'l1' });
  const [heldBefore, before] = [await entries(), await memory()];
  await readAll(hot, 2);
  const [held, after] = [await entries(), await memory()];
  const grown = (key) => after[key] - before[key];
  const count = held === undefined ? 0 : held - (heldBefore ?? 0);
  const notes = [
    `Reading ${aggregates.toLocaleString('en-US')} players twice, after a collection before and after: heap ${figure(grown('heapUsed') / 2 ** 20)} MiB, `
      + `outside of it (buffers) ${figure(grown('external') / 2 ** 20)} MiB, RSS ${figure(grown('rss') / 2 ** 20)} MiB more; ${held === undefined ? 'no cache tells its entries' : `${count} more entries in L1`}.`,
  ];
  return { rows: [], goals: goalsOf(grown, count, held), notes };
}

function goalsOf(grown, count, held) {
  const bound = { below: 4, unit: ' KB' };
  const of = (bytes) => count > 0
    ? { figure: bytes / count / 1000 }
    : { why: held === undefined ? 'the service exports no gss_cache_entries: it has no cache' : 'nothing came into L1' };
  return [
    goal('heap for a hot aggregate < 4 KB', of(grown('heapUsed')), bound),
    goal('heap and buffers for a hot aggregate < 4 KB', of(grown('heapUsed') + grown('external')), bound),
  ];
}
