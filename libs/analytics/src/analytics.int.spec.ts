import { randomUUID } from 'node:crypto';
import { EventStore } from '@app/event-store';
import { Operations } from '@app/operations';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import fc from 'fast-check';
import { Pool } from 'pg';
import { msOf, SLOT_ERROR, slotOf } from './projection/latency-slots.js';
import { ANALYTICS, AnalyticsProjection } from './projection/analytics-projection.js';
import { AnalyticsRebuild, REBUILD_ANALYTICS } from './projection/analytics-rebuild.js';
import { AnalyticsRevert, REVERT_ANALYTICS } from './projection/analytics-revert.js';
import { startOf } from './projection/hours.js';
import { GetEventAnalytics, GetEventAnalyticsHandler } from './query/get-event-analytics.js';
import { GetStateAnalytics, GetStateAnalyticsHandler } from './query/get-state-analytics.js';
import type { Grouping } from './query/summarise.js';
import { firstHourOf, type TimeRange } from './query/time-range.js';

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 4, 20, 10, 20);
const TYPES = ['player', 'guild', 'world'];
const RANGES: TimeRange[] = ['1h', '24h', '7d', '30d'];
const GROUPINGS: Grouping[] = ['hour', 'day', 'aggregate'];
const IDS = Array.from({ length: 6 }, () => randomUUID());

/** An event as its columns matter here. */
interface Made {
  readonly type: string;
  readonly id: number;
  readonly eventType: string;
  /** When it was decided, in ms before `NOW`. */
  readonly ageMs: number;
  /** From decided to committed. */
  readonly lateMs: number;
  readonly origin: 'here' | 'there';
}

const made = fc.record<Made>({
  type: fc.constantFrom(...TYPES), id: fc.nat(IDS.length - 1), eventType: fc.constantFrom('A', 'B', 'C', 'D', 'E', 'F', 'G'),
  ageMs: fc.oneof(fc.nat(3 * HOUR_MS), fc.nat(80 * HOUR_MS), fc.nat(800 * HOUR_MS)), lateMs: fc.nat(3_000),
  origin: fc.constantFrom('here', 'there'),
});

describe('analytics', () => {
  let db: TestDatabase;
  /** Of the instances: its connections are cut, those of the spec are not. */
  let pool: Pool;
  const stores: EventStore[] = [];
  const operations: Operations[] = [];
  const lines: string[] = [];
  let position = 0;
  const versions = new Map<string, number>();

  beforeEach(async () => {
    db = await createTestDatabase();
    pool = new Pool({ connectionString: db.url, application_name: 'instance', max: 10 }).on('error', () => undefined);
    position = 0;
    versions.clear();
  });
  afterEach(async () => {
    await Promise.all(operations.splice(0).map((each) => each.stop()));
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await pool.end();
    await db.drop();
  });

  /** One that runs the projection. */
  const instance = (pace = {}): EventStore => {
    const store = new EventStore(pool, { origin: 'here', databaseUrl: db.url, pollMs: 100 }, {
      groupCommitted: () => undefined, verdict: () => undefined,
    });
    stores.push(store);
    store.projections.start(ANALYTICS, new AnalyticsProjection('here', () => NOW).handle, pace);
    return store;
  };

  /** Puts rows into the log as an append or a merge of another region leaves them. */
  const insert = async (events: readonly Made[]): Promise<void> => {
    const rows = events.map(({ type, id, eventType, ageMs, lateMs, origin }) => {
      const key = `${type} ${id}`;
      versions.set(key, (versions.get(key) ?? 0) + 1);
      const decided = NOW - ageMs;
      return {
        position: (position += 1), type, id: IDS[id], version: versions.get(key), event_type: eventType, origin,
        hlc: String(BigInt(decided) << 16n), committed_at: new Date(decided + lateMs),
      };
    });
    await db.pool.query(`
      WITH added AS (
        INSERT INTO global_state.events (partition, position, event_id, aggregate_type, aggregate_id, generation, version, event_type,
          schema_version, data, ops, actor, origin_region, origin_sequence, hlc, hash, committed_at)
        SELECT 0, position, gen_random_uuid(), type, id, 1, version, event_type, 1, '{}', '[]', 'spec', origin, position, hlc, '', committed_at
        FROM json_to_recordset($1) AS r(position bigint, type text, id uuid, version bigint, event_type text, origin text, hlc bigint,
          committed_at timestamptz))
      UPDATE global_state.log_heads SET position = $2`, [JSON.stringify(rows), position]);
    await db.pool.query("NOTIFY global_state_events, ''");
  };

  const counted = (): Promise<void> => eventually(async () => {
    const { rows } = await db.pool.query<{ position: string }>('SELECT position FROM global_state.checkpoints WHERE consumer = $1', [ANALYTICS]);
    expect(Number(rows[0]?.position)).toBe(position);
  });

  const stateOf = (range: TimeRange, grouping: Grouping, types = TYPES) =>
    new GetStateAnalyticsHandler({ pool, region: 'here', counts: true, now: () => NOW }).execute(new GetStateAnalytics(range, grouping, types));
  const eventsOf = (range: TimeRange, types = TYPES) =>
    new GetEventAnalyticsHandler({ pool, region: 'here', counts: true, now: () => NOW }).execute(new GetEventAnalytics(range, types));

  /** Whoever is in the middle of something loses it with its connection. */
  const cutConnections = () => db.pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'instance' AND state IN ('idle in transaction', 'active')`);
  const rows = async (sql: string): Promise<unknown[]> => (await db.pool.query(sql)).rows;
  /** Again while connections are cut. */
  const patiently = <T>(work: () => Promise<T>): Promise<T> => eventually(work);

  /** Every figure of the live build, as the tables hold it. */
  const figures = async (): Promise<Record<string, unknown>> => {
    const tables = ['hours', 'event_types', 'latencies', 'hour_aggregates', 'day_aggregates', 'aggregates'];
    const found = await Promise.all(tables.map(async (table) =>
      (await db.pool.query<{ row: string }>(`
        SELECT (to_jsonb(t) - 'build')::text AS row FROM global_state.analytics_${table} AS t
        WHERE build = (SELECT live FROM global_state.analytics_builds) ORDER BY 1`)).rows));
    return Object.fromEntries(found.map((rows, i) => [tables[i], rows.map(({ row }) => row)]));
  };

  /** The same questions, asked of the events. */
  const naive = async (range: TimeRange, grouping: Grouping, types: readonly string[]) => {
    const from = startOf(firstHourOf(range, NOW)).toISOString();
    const cut = { hour: "date_trunc('hour', at, 'UTC')", day: "date_trunc('day', at, 'UTC')", aggregate: '$1::timestamptz' }[grouping];
    const events = `(SELECT *, CASE origin_region WHEN 'here' THEN committed_at ELSE to_timestamp((hlc >> 16) / 1000.0) END AS at
      FROM global_state.events) AS e WHERE at >= $1 AND aggregate_type = ANY ($2)`;
    const ask = async <Row>(sql: string) => (await db.pool.query(sql, [from, types])).rows as Row[];
    const metrics = await ask<{ timestamp: Date; aggregateType: string; changeCount: number; uniqueAggregates: number; averageVersion: number }>(`
      SELECT ${cut} AS timestamp, aggregate_type AS "aggregateType", count(*)::int AS "changeCount",
        count(DISTINCT aggregate_id)::int AS "uniqueAggregates", avg(version)::float8 AS "averageVersion"
      FROM ${events} GROUP BY 1, 2 ORDER BY 1, 2`);
    const top = await ask<{ timestamp: Date; type: string; eventType: string; count: number }>(`
      SELECT ${cut} AS timestamp, aggregate_type AS type, event_type AS "eventType", count(*)::int AS count
      FROM ${events} GROUP BY 1, 2, 3 ORDER BY 4 DESC, 3`);
    const [most] = await ask(`
      SELECT aggregate_type AS "aggregateType", aggregate_id AS "aggregateId", count(*)::int AS "changeCount"
      FROM ${events} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 1`);
    const [peak] = await ask<{ hour: Date }>(`SELECT date_trunc('hour', at, 'UTC') AS hour FROM ${events} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`);
    const [all] = await ask<{ changes: number; aggregates: number }>(`
      SELECT count(*)::int AS changes, count(DISTINCT (aggregate_type, aggregate_id))::int AS aggregates FROM ${events}`);
    return {
      timeRange: range,
      metrics: metrics.map((metric) => ({
        ...metric, timestamp: metric.timestamp.toISOString(), averageVersion: expect.closeTo(metric.averageVersion, 6),
        topEvents: top.filter(({ timestamp, type }) => +timestamp === +metric.timestamp && type === metric.aggregateType).slice(0, 5)
          .map(({ eventType, count }) => ({ eventType, count })),
      })),
      summary: {
        totalChanges: all!.changes, totalAggregates: all!.aggregates,
        averageChangesPerAggregate: all!.aggregates === 0 ? 0 : all!.changes / all!.aggregates,
        ...(most ? { mostActiveAggregate: most } : {}), ...(peak && { peakActivityTime: peak.hour.toISOString() }),
      },
    };
  };

  const expectNaive = async (types = TYPES): Promise<void> => {
    for (const range of RANGES) for (const grouping of GROUPINGS) {
      expect(await stateOf(range, grouping, types)).toEqual(await naive(range, grouping, types));
    }
  };

  const exact = (times: readonly number[], q: number): number => [...times].sort((a, b) => a - b)[Math.ceil(q * times.length) - 1]!;

  it('answers what counting the events answers, whatever comes in whatever order and however it is cut into batches', async () => {
    instance();
    const all: Made[] = [];
    await fc.assert(fc.asyncProperty(fc.array(fc.array(made, { maxLength: 25 }), { maxLength: 4 }), async (batches) => {
      for (const batch of batches) {
        await insert(batch);
        all.push(...batch);
        await counted();
      }
      await expectNaive();
      await expectNaive(['guild']);
      const told = await eventsOf('30d');
      const from = startOf(firstHourOf('30d', NOW)).getTime();
      const within = all.filter(({ ageMs, lateMs, origin }) => NOW - ageMs + (origin === 'here' ? lateMs : 0) >= from);
      expect(told.totalEvents).toBe(within.length);
      const late = within.filter(({ origin }) => origin === 'here').map(({ lateMs }) => lateMs);
      for (const [name, q] of [['p50', 0.5], ['p95', 0.95], ['p99', 0.99]] as const) {
        if (late.length === 0) expect(told.processingLatencyMs).toBeUndefined();
        else expect(Math.abs(told.processingLatencyMs![name] - exact(late, q))).toBeLessThanOrEqual(exact(late, q) * SLOT_ERROR);
      }
      expect(told.byEventType.reduce((sum, { count }) => sum + count, 0)).toBe(within.length);
      expect(told.throughput.reduce((sum, { count }) => sum + count, 0)).toBe(within.length);
    }), { numRuns: 12 });
  });

  it('answers with zeros while there is nothing', async () => {
    expect(await stateOf('24h', 'hour')).toEqual({
      timeRange: '24h', metrics: [], summary: { totalChanges: 0, totalAggregates: 0, averageChangesPerAggregate: 0 },
    });
    expect(await eventsOf('1h')).toEqual({
      timeRange: '1h', from: '2026-05-20T09:00:00.000Z', to: '2026-05-20T10:20:00.000Z', totalEvents: 0, eventsPerSecond: 0,
      throughput: [], byEventType: [],
    });
  });

  it('puts what another region made into the hour of its own time, and its way here beside the processing', async () => {
    instance();
    const event = { type: 'player', id: 0, eventType: 'A', ageMs: 5 * HOUR_MS } as const;
    await insert([{ ...event, lateMs: 4 * HOUR_MS, origin: 'there' }, { ...event, lateMs: 12, origin: 'here' }]);
    await counted();
    const { metrics } = await stateOf('24h', 'hour');
    expect(metrics.map(({ timestamp, changeCount }) => [timestamp, changeCount])).toEqual([['2026-05-20T05:00:00.000Z', 2]]);
    const way = msOf(slotOf(4 * HOUR_MS));
    expect(await eventsOf('24h')).toMatchObject({
      processingLatencyMs: { p50: 12, p99: 12 }, replicationLatencyMs: { p50: way, p99: way }, throughput: [{ count: 2, eventsPerSecond: 2 / 3600 }],
    });
  });

  const many = (count: number): Made[] => fc.sample(made, { numRuns: count, seed: 42 });

  it('counts each event once, though instances compete, end, and lose their connections in the middle', async () => {
    const first = instance();
    instance();
    for (let round = 0; round < 20; round += 1) {
      await insert(many(150));
      await cutConnections();
      if (round === 10) {
        await first.close();
        stores.splice(stores.indexOf(first), 1);
        instance();
      }
    }
    await counted();
    await expectNaive();
  });

  /** One that does rebuilds; it follows the log too. */
  const rebuilder = (pace = {}): Operations => {
    const store = instance(pace);
    const made = new Operations(pool, { log: (line) => lines.push(line), leaseMs: 10_000, beatMs: 50, pollMs: 20 });
    const options = { pool, region: 'here', counts: true, now: () => NOW };
    made.register(REBUILD_ANALYTICS, new AnalyticsRebuild(store, options));
    made.register(REVERT_ANALYTICS, new AnalyticsRevert(store, options));
    made.start();
    operations.push(made);
    return made;
  };
  const rebuild = (by: Operations, more = {}) => by.submit({ kind: REBUILD_ANALYTICS, parameters: { target: 'analytics', ...more }, createdBy: 'spec' });
  const revert = (by: Operations) => by.submit({ kind: REVERT_ANALYTICS, parameters: { target: 'analytics' }, createdBy: 'spec' });
  const ended = (by: Operations, id: string) => eventually(async () => {
    const operation = await by.get(id);
    expect(['completed', 'failed', 'cancelled']).toContain(operation.status);
    return operation;
  });

  it('is built again to the same figures, in a build of its own that takes the place of the old one', async () => {
    const one = rebuilder();
    await insert(many(2_500));
    await counted();
    const before = await figures();
    const { id } = await rebuild(one);
    expect(await ended(one, id)).toMatchObject({ status: 'completed', done: 2_500, total: 2_500, unit: 'events', result: { build: 1, parked: 0, differences: 0 } });
    expect(await figures()).toEqual(before);
    expect(await rows('SELECT build FROM global_state.analytics_aggregates GROUP BY 1 ORDER BY 1')).toEqual([{ build: 0 }, { build: 1 }]);
    expect(await rows("SELECT consumer FROM global_state.checkpoints WHERE consumer LIKE 'analytics%'")).toEqual([{ consumer: 'analytics' }]);
    await insert(many(10));
    await counted();
    await expectNaive();
  });

  it('serves figures that never go down while it is built again under writes, cut connections and a change of hands', async () => {
    const [one, other] = [rebuilder(), rebuilder()];
    await insert(many(4_500));
    await counted();
    let isOver = false;
    let seen = 0;
    const watching = (async () => {
      while (!isOver) {
        const { summary } = await patiently(() => stateOf('30d', 'day'));
        expect(summary.totalChanges).toBeGreaterThanOrEqual(seen);
        seen = summary.totalChanges;
      }
    })();
    const { id } = await rebuild(one);
    for (let round = 0; round < 6; round += 1) {
      await insert(many(700));
      await cutConnections();
      if (round === 2) await one.stop();
    }
    expect(await ended(other, id)).toMatchObject({ status: 'completed', result: { build: 1 } });
    await counted();
    isOver = true;
    await watching;
    expect(seen).toBeGreaterThan(0);
    await expectNaive();
    expect(await rows('SELECT build FROM global_state.analytics_hours GROUP BY 1 ORDER BY 1')).toEqual([{ build: 0 }, { build: 1 }]);
  });

  const DAMAGES = [
    ['hours', 'versions = versions + 1', 'hour'], ['event types', "event_type = event_type || '!'", 'hour'], ['latencies', 'changes = changes + 1', 'hour'],
    ['aggregates by hour', 'changes = changes + 1', 'hour'], ['aggregates by day', 'last_hour = last_hour + 1', 'day'],
  ] as const;
  const TABLES = { hours: 'hours', 'event types': 'event_types', latencies: 'latencies', 'aggregates by hour': 'hour_aggregates', 'aggregates by day': 'day_aggregates' };

  it.each(DAMAGES)('refuses a build whose %s differ from the live ones, and takes it where that is accepted', async (what, damage, hour) => {
    const one = rebuilder();
    await insert(many(600));
    await counted();
    const before = await figures();
    await db.pool.query(`UPDATE global_state.analytics_${TABLES[what]} AS t SET ${damage} WHERE ctid = (
      SELECT ctid FROM global_state.analytics_${TABLES[what]} ORDER BY ${hour} DESC LIMIT 1)`);
    const damaged = await figures();
    const { id } = await rebuild(one);
    expect(await ended(one, id)).toMatchObject({ status: 'failed', error: expect.stringMatching(`not accepted: ${what} of 2026-05-\\d\\d \\(\\d+ rows, live \\d+\\)$`) });
    expect(await figures()).toEqual(damaged);
    expect(await rows('SELECT build FROM global_state.analytics_hours GROUP BY 1')).toEqual([{ build: 0 }]);
    expect(await rows("SELECT consumer FROM global_state.checkpoints WHERE consumer LIKE 'analytics%'")).toEqual([{ consumer: 'analytics' }]);
    const { id: accepted } = await rebuild(one, { acceptDifferences: true });
    expect(await ended(one, accepted)).toMatchObject({ status: 'completed', result: { build: 2, differences: 1, samples: [{ figures: what }] } });
    expect(await figures()).toEqual(before);
  });

  it('is held against the live one where both stand at one position, also while that one rests or cannot go on', async () => {
    await insert(many(600));
    const one = rebuilder({ restMs: 600_000 });
    await counted();
    await insert(many(600));
    expect(await ended(one, (await rebuild(one)).id)).toMatchObject({ status: 'completed', result: { build: 1, differences: 0 } });
    await expectNaive();
    await insert(many(600));
    await db.pool.query('ALTER TABLE global_state.analytics_hours ADD CONSTRAINT broken CHECK (build <> 1) NOT VALID');
    expect(await ended(one, (await rebuild(one)).id)).toMatchObject({ status: 'failed', error: expect.stringContaining('violates check constraint "broken"') });
    expect(await ended(one, (await rebuild(one, { acceptDifferences: true })).id)).toMatchObject({ status: 'completed' });
    await expectNaive();
  });

  it('goes back to the build before, with all that came since, once', async () => {
    const one = rebuilder();
    await expect(revert(one)).rejects.toMatchObject({ error: 'INVALID_OPERATION' });
    await insert(many(1_500));
    await counted();
    const [{ hour }] = await rows('SELECT max(hour) AS hour FROM global_state.analytics_hours') as [{ hour: number }];
    const damage = (by: number) => db.pool.query('UPDATE global_state.analytics_hours SET versions = versions + $1 WHERE hour = $2 AND build = 0', [by, hour]);
    await damage(1_000_000);
    expect(await ended(one, (await rebuild(one, { acceptDifferences: true })).id)).toMatchObject({ status: 'completed', result: { build: 1 } });
    await insert(many(1_500));
    await counted();
    await expectNaive();
    expect(await ended(one, (await revert(one)).id)).toMatchObject({ status: 'completed', done: 3_000, result: { build: 0, parked: 0 } });
    expect(await rows('SELECT build FROM global_state.analytics_hours GROUP BY 1')).toEqual([{ build: 0 }]);
    expect(await rows("SELECT consumer, position::integer FROM global_state.checkpoints WHERE consumer LIKE 'analytics%'"))
      .toEqual([{ consumer: 'analytics', position: 3_000 }]);
    await expect(expectNaive()).rejects.toThrow('averageVersion');
    await damage(-1_000_000);
    await expectNaive();
    await insert(many(100));
    await counted();
    await expectNaive();
    await expect(revert(one)).rejects.toMatchObject({ error: 'INVALID_OPERATION' });
  });

  /** A rebuild that was cancelled when it had only made its build. */
  const cancelled = async (by: Operations): Promise<string> => {
    const blocker = await db.pool.connect();
    try {
      await blocker.query('BEGIN');
      await blocker.query('SELECT FROM global_state.analytics_builds FOR UPDATE');
      const { id } = await rebuild(by);
      await eventually(async () => expect(await rows(`SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock' AND query LIKE 'UPDATE global_state.analytics_builds SET newest%'`)).toHaveLength(1));
      await by.cancel(id);
      await blocker.query('COMMIT');
      expect(await ended(by, id)).toMatchObject({ status: 'cancelled' });
      return id;
    } finally {
      blocker.release();
    }
  };

  it('goes on with a build that was cancelled, and clears one away that was given up', async () => {
    const one = rebuilder();
    await insert(many(2_500));
    await counted();
    const before = await figures();
    const first = await cancelled(one);
    expect(await figures()).toEqual(before);
    await one.resume(first);
    expect(await ended(one, first)).toMatchObject({ status: 'completed', result: { build: 1 } });
    const second = await cancelled(one);
    const { id: third } = await rebuild(one);
    expect(await ended(one, third)).toMatchObject({ status: 'completed', result: { build: 3 } });
    expect(await rows("SELECT consumer FROM global_state.checkpoints WHERE consumer LIKE 'analytics%'")).toEqual([{ consumer: 'analytics' }]);
    await one.resume(second);
    expect(await ended(one, second)).toMatchObject({ status: 'completed', result: { build: 4 } });
    expect(await figures()).toEqual(before);
    await expect(one.submit({ kind: REBUILD_ANALYTICS, parameters: { aggregateType: 'player' }, createdBy: 'spec' })).rejects.toMatchObject({
      error: 'VALIDATION_ERROR',
    });
  });

  it('drops what is older than it keeps, and answers the same', async () => {
    instance();
    await insert(many(600));
    await counted();
    const before = await Promise.all(RANGES.map((range) => stateOf(range, 'day')));
    await db.pool.query(`INSERT INTO global_state.analytics_hour_aggregates VALUES (1, 'player', $1, 1, 0)`, [IDS[0]]);
    await db.pool.query(`INSERT INTO global_state.analytics_day_aggregates VALUES (0, 'player', $1, 1, 1, 0)`, [IDS[0]]);
    await db.pool.query('UPDATE global_state.analytics_aggregates SET changes = changes + 1 WHERE aggregate_type = $1 AND aggregate_id = $2', ['player', IDS[0]]);
    await db.pool.query("INSERT INTO global_state.analytics_hours VALUES (1, 'player', 1, 1, 1, 1, 1, 0)");
    await db.pool.query("INSERT INTO global_state.analytics_latencies VALUES (24, 0, 'player', 'A', false, 1, 1, 0), (1, 1, 'player', 'A', false, 1, 1, 0)");
    await Promise.all(stores.splice(0).map((store) => store.close()));
    instance(); // it purges with its first batch
    await insert([{ type: 'economy', id: 0, eventType: 'A', ageMs: 0, lateMs: 0, origin: 'here' }]);
    await counted();
    const { rows } = await db.pool.query(`SELECT hour FROM global_state.analytics_hours WHERE hour < 100
      UNION ALL SELECT hour FROM global_state.analytics_hour_aggregates WHERE hour < 100
      UNION ALL SELECT day FROM global_state.analytics_day_aggregates WHERE day < 100
      UNION ALL SELECT hour FROM global_state.analytics_latencies WHERE hour < 100`);
    expect(rows).toEqual([]);
    const sums = await db.pool.query(`SELECT known.aggregate_type FROM global_state.analytics_aggregates AS known
      LEFT JOIN global_state.analytics_day_aggregates AS days USING (aggregate_type, aggregate_id)
      GROUP BY aggregate_type, aggregate_id, known.changes HAVING known.changes <> sum(days.changes)`);
    expect(sums.rows).toEqual([]);
    expect(await Promise.all(RANGES.map((range) => stateOf(range, 'day')))).toEqual(before);
  });
});
