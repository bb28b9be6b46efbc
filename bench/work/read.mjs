import { installPeers } from '../lib/peers.mjs';
import { figure } from '../lib/report.mjs';
import { goal, measureInTurn } from '../lib/rounds.mjs';

export const title = 'Cached GET of a 1 KB state with JWT';
export const order = 4;

const PLAYERS = 1_000;
const IN_FLIGHT = 64;
const OURS = 'GET state with JWT';
const FASTIFY = 'bare Fastify, the same body';
const HTTP = 'bare node:http, the same body';

/** @param {import('../lib/bench.mjs').Bench} bench */
export async function run(bench) {
  const { rounds, seconds } = bench.plan;
  const redis = await orAbsent(() => bench.redis());
  const { port, token } = await bench.service({ redis: redis.found });
  const seed = await bench.host('load/http-seed.mjs', { port, token });
  const paths = (await seed.call('players', { count: PLAYERS })).map((id) => `/api/v1/state/player/${id}`);
  await seed.close();
  const load = await bench.host('load/http-get.mjs');
  const { body, head } = await load.call('fetch', { port, token, path: paths[0] });
  const get = (options) => load.call('get', { paths: ['/'], ...options, inFlight: IN_FLIGHT, seconds });
  const bare = await Promise.all(['fastify', 'http'].map(async (kind) => {
    const server = await bench.host('load/bare-server.mjs', { kind, body, etag: /etag: (.*)/i.exec(head)?.[1] });
    return await server.call('port');
  }));
  const measured = await measureInTurn({
    title: 'read', rounds, rows: [
      { name: OURS, run: () => get({ port, token, paths }) },
      { name: FASTIFY, run: () => get({ port: bare[0] }) },
      { name: HTTP, run: () => get({ port: bare[1] }) },
      await redisRow(bench, redis, body),
    ],
  });
  return {
    rows: measured.rows,
    goals: [goal('GET with JWT / bare Fastify ≥ 0.75 ×', measured.ratio(OURS, FASTIFY), { atLeast: 0.75 })],
    notes: [`The body has ${Buffer.byteLength(body)} bytes; ${PLAYERS} players in turn, ${IN_FLIGHT} connections.`, ceiling(measured)],
  };
}

/** What the generator itself can do: its rate against the cheapest server of the table, and what it took of a core for that. */
function ceiling({ rows }) {
  const { rate, cores, failure } = rows.find(({ name }) => name === HTTP);
  if (failure !== undefined) return `The generator's ceiling is not known: ${failure}`;
  return `The generator reached ${figure(rate)}/s against bare node:http with ${figure(cores)} of a core; ${figure(rate / cores)}/s is what it could send with a core to itself.`;
}

async function redisRow(bench, redis, value) {
  const name = 'Redis GET of the same body, @redis/client';
  const absent = redis.absent ?? installPeers();
  if (absent !== undefined) return { name, absent };
  const load = await bench.host('load/redis-get.mjs', { url: redis.found.url, value, keys: PLAYERS });
  return { name, run: () => load.call('get', { inFlight: IN_FLIGHT, seconds: bench.plan.seconds }) };
}

/** Redis is not always there; what needs it says so and the rest is measured without. */
async function orAbsent(start) {
  try {
    return { found: await start() };
  } catch (error) {
    return { absent: error.message };
  }
}
