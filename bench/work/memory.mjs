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
  const seeder = await bench.service();
  const seed = await bench.host('load/http-seed.mjs', seeder);
  tell(`memory: ${aggregates} players`);
  const [warm, hot] = [await seed.call('players', { count: WARM }), await seed.call('players', { count: aggregates })];
  await seed.close();
  await seeder.close();
  // Another instance: the one that wrote them has them in its cache already.
  const { port, token, memory } = await bench.service({ env: ENV, database: seeder.database });
  const load = await bench.host('load/http-get.mjs');
  const readAll = (ids, times) => load.call('visit', { port, token, paths: ids.map((id) => `/api/v1/state/player/${id}`), inFlight: 16, times });
  const writer = await bench.host('load/http-mixed.mjs', { ports: [port], token, ids: hot });
  // Compiled code and buffers of the connections are there before the first look.
  await readAll(warm, 10);
  const look = async () => ({ entries: (await readMetrics(port))('gss_cache_entries', { layer: 'l1' }), ...await memory() });
  const before = await look();
  await readAll(hot, 2);
  const read = await look();
  await writer.call('touch');
  const written = await look();
  if (read.entries - before.entries !== aggregates) throw new Error(`${read.entries - before.entries} of ${aggregates} players came into L1`);
  const each = (after) => (after.heapUsed + after.external - before.heapUsed - before.external) / aggregates / 1000;
  const bound = { below: 4, unit: ' KB' };
  return {
    rows: [],
    goals: [
      goal('heap and buffers for an aggregate that is read < 4 KB', { figure: each(read) }, bound),
      goal('heap and buffers for an aggregate that is read and written < 4 KB', { figure: each(written) }, bound),
    ],
    notes: [
      `${figure(aggregates)} players, in an instance that had none of them, each read twice and then written to once, after a collection each time: RSS grew by ${
        figure((read.rss - before.rss) / 2 ** 20)} and then by ${figure((written.rss - read.rss) / 2 ** 20)} MiB.`,
    ],
  };
}
