// The projection and the queries of analytics as the service uses them, on a log filled by SQL.
import pg from 'pg';
import {
  ANALYTICS, AnalyticsProjection, GetEventAnalytics, GetEventAnalyticsHandler, GetStateAnalytics, GetStateAnalyticsHandler,
} from '../../dist/libs/analytics/src/index.js';
import { EventStore } from '../../dist/libs/event-store/src/index.js';
import { migrate } from '../../dist/migrations/migrate.js';

const REGION = 'bench';
const silent = { groupCommitted: () => undefined, verdict: () => undefined };

/** Round robin over the aggregates, evenly over the 30 days before now; times to the commit like those of a busy service. */
const FILL = `
  WITH added AS (
    INSERT INTO global_state.events (partition, position, event_id, aggregate_type, aggregate_id, generation, version, event_type,
      schema_version, data, ops, actor, origin_region, origin_sequence, hlc, hash, committed_at)
    SELECT 0, n, gen_random_uuid(), ($4::text[])[1 + which % 5], md5(which::text)::uuid, 1, 1 + (n - 1) / $2, 'Event' || n % $3, 1,
      '{"level":3,"name":"Ada of Lovelace","position":{"x":12.5,"y":99.25}}', '[["set","/level","lww",3],["set","/name","lww","Ada of Lovelace"]]',
      'bench', '${REGION}', n, floor(extract(epoch FROM at - taken) * 1000)::bigint << 16, sha256(''), at
    FROM (SELECT n, (n - 1) % $2 AS which, now() - interval '30 days' * (1 - n / $1::float8) AS at, interval '1 ms' * floor(-20 * ln(1 - random())) AS taken
      FROM generate_series(1, $1::bigint) AS n) AS made)
  UPDATE global_state.log_heads SET position = $1`;

const SIZE = `
  SELECT sum(pg_total_relation_size(oid))::float8 / 1e6 AS mb FROM pg_class
  WHERE relname LIKE 'analytics_%' AND relkind = 'r'`;

export async function open({ url, types }) {
  await migrate(url);
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  const store = new EventStore(pool, { origin: REGION, databaseUrl: url }, silent);
  const options = { pool, region: REGION };
  const [states, events] = [new GetStateAnalyticsHandler(options), new GetEventAnalyticsHandler(options)];
  let used;
  let begun;
  return {
    async fill({ events: count, aggregates, eventTypes }) {
      await pool.query(FILL, [count, aggregates, eventTypes, types]);
      await pool.query('VACUUM ANALYZE global_state.events');
    },
    start() {
      [used, begun] = [process.cpuUsage(), performance.now()];
      store.projections.start(ANALYTICS, new AnalyticsProjection(REGION).handle, 250);
    },
    progress() {
      const { position, stall } = store.projections.figures.get(ANALYTICS);
      if (stall) throw new Error(stall.reason);
      const { user, system } = process.cpuUsage(used);
      return { position, cores: (user + system) / 1000 / (performance.now() - begun) };
    },
    megabytes: async () => (await pool.query(SIZE)).rows[0].mb,
    state: ({ range, grouping, calls }) => timed(calls, () => states.execute(new GetStateAnalytics(range, grouping, types))),
    events: ({ range, calls }) => timed(calls, () => events.execute(new GetEventAnalytics(range, types))),
  };
}

/** One after another; `p99` is the slowest of the few. */
async function timed(calls, call) {
  const times = [];
  for (let n = 0; n < calls; n += 1) {
    const begun = performance.now();
    await call();
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  return { rate: 1000 * calls / times.reduce((sum, time) => sum + time, 0), p50: times[Math.floor(calls / 2)], p99: times.at(-1) };
}
