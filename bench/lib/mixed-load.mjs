const PLAYERS = 10_000;

/**
 * Two instances on one database and one Redis, 10,000 players of 1 KB state, each read once through both, and a generator for them.
 * @param {import('./bench.mjs').Bench} bench
 */
export async function startMixed(bench) {
  const redis = await bench.redis();
  const first = await bench.service({ redis });
  const instances = [first, await bench.service({ redis, database: first.database })];
  const ports = instances.map(({ port }) => port);
  const seed = await bench.host('load/http-seed.mjs', first);
  const ids = await seed.call('players', { count: PLAYERS });
  await seed.close();
  const load = await bench.host('load/http-mixed.mjs', { ports, token: first.token, ids });
  await load.call('fill');
  return { load, ports, instances };
}
