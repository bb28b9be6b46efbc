import { run, type Statement } from '@app/event-store';
import type { PoolClient } from 'pg';

/** Rows that go at once from each table: no batch waits long for them. */
const LIMIT = 20_000;

const stretch = (table: string, condition: string): string => `
  DELETE FROM global_state.${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM global_state.${table} WHERE ${condition} LIMIT ${LIMIT}))`;

const purge = (table: string, what: string, condition: string) => ({
  name: `analytics-purge-${table}-${what}`,
  text: `WITH gone AS (${stretch(table, condition)} RETURNING 1) SELECT count(*)::integer AS rows FROM gone`,
});

/** What goes is taken off the changes of its aggregate, which are the sum of what stays. */
const PURGE_DAY_AGGREGATES = {
  name: 'analytics-purge-day-aggregates',
  text: `
    WITH gone AS (${stretch('analytics_day_aggregates', 'build = $2 AND day <= $1 - 24')} RETURNING aggregate_type, aggregate_id, changes),
    less AS (
      UPDATE global_state.analytics_aggregates AS known SET changes = known.changes - lost.changes
      FROM (SELECT aggregate_type, aggregate_id, sum(changes) AS changes FROM gone GROUP BY 1, 2) AS lost
      WHERE known.build = $2 AND known.aggregate_type = lost.aggregate_type AND known.aggregate_id = lost.aggregate_id
    )
    SELECT count(*)::integer AS rows FROM gone`,
};

const PURGES = [
  purge('analytics_hours', 'hours', 'build = $2 AND hour < $1'),
  purge('analytics_event_types', 'hours', 'build = $2 AND hour < $1'),
  purge('analytics_latencies', 'hours', 'build = $2 AND hours = 1 AND hour < $1'),
  purge('analytics_latencies', 'days', 'build = $2 AND hours = 24 AND hour <= $1 - 24'),
  purge('analytics_hour_aggregates', 'hours', 'build = $2 AND hour < $1'),
  PURGE_DAY_AGGREGATES,
  purge('analytics_aggregates', 'empty', 'build = $2 AND changes = 0 AND last_hour < $1'),
];

/** Drops a stretch of a build's figures of before an hour. @returns whether none are left */
export async function purgeFigures(client: PoolClient, build: number, firstHour: number): Promise<boolean> {
  return dropStretches(client, PURGES, [firstHour, build]);
}

const BUILDS = ['analytics_hours', 'analytics_event_types', 'analytics_latencies', 'analytics_hour_aggregates', 'analytics_day_aggregates',
  'analytics_aggregates'].map((table) => purge(table, 'builds', 'build = ANY ($1)'));

/** Drops a stretch of what builds left behind that nobody needs any more. @returns whether none is left */
export function dropBuilds(client: PoolClient, builds: readonly number[]): Promise<boolean> {
  return dropStretches(client, BUILDS, [builds]);
}

async function dropStretches(client: PoolClient, statements: readonly Statement[], values: readonly unknown[]): Promise<boolean> {
  let done = true;
  for (const statement of statements) {
    const [row] = await run<{ rows: number }>(client, statement, values);
    done &&= row!.rows < LIMIT;
  }
  return done;
}
