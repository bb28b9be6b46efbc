import { run, type Statement } from '@app/event-store';
import type { PoolClient } from 'pg';
import { HOURS_A_DAY, startOf } from '../projection/hours.js';

/** Figures of a day that are not the same in two builds. */
export interface FiguresDifference {
  readonly figures: string;
  /** The UTC day, such as 2026-05-20. */
  readonly day: string;
  readonly rows: number;
  readonly liveRows: number;
}

/** Order does not matter, so a sum; 64 bits a row find what a bug does, and nobody makes figures up here. */
const fingerprint = (table: string, hour: string, columns: string): Statement => ({
  name: `analytics-fingerprint-${table}`,
  text: `
    SELECT build, count(*)::integer AS rows, sum(hashtextextended(ROW(${hour}, ${columns})::text, 0))::text AS hash
    FROM global_state.analytics_${table} WHERE build = ANY ($1) AND ${table === 'latencies' ? 'hours IN (1, 24) AND ' : ''}${hour} >= $2 AND ${hour} < $3
    GROUP BY build`,
});

/** What is known of an aggregate over all days follows from these. */
const FIGURES: Readonly<Record<string, Statement>> = {
  hours: fingerprint('hours', 'hour', 'aggregate_type, changes, versions, aggregates, last_of_day, last_of_all'),
  'event types': fingerprint('event_types', 'hour', 'aggregate_type, event_type, changes'),
  latencies: fingerprint('latencies', 'hour', 'hours, aggregate_type, event_type, foreign_origin, slot, changes'),
  'aggregates by hour': fingerprint('hour_aggregates', 'hour', 'aggregate_type, aggregate_id, changes'),
  'aggregates by day': fingerprint('day_aggregates', 'day', 'aggregate_type, aggregate_id, changes, last_hour'),
};

const FOR_EVER = 2_147_483_647;

/**
 * Holds each day of a build against the live one, from a day on, in steps that a large build does not make long. Both must stand at one
 * position, and stay there.
 * @param now the hour now: what is of later days, by clocks that are ahead, counts as one
 */
export async function compareBuilds(
  client: PoolClient, { live, build }: { live: number; build: number }, { fromDay, now }: { fromDay: number; now: number },
): Promise<FiguresDifference[]> {
  const found: FiguresDifference[] = [];
  for (const [figures, statement] of Object.entries(FIGURES)) {
    for (let day = fromDay; day <= now + HOURS_A_DAY; day += HOURS_A_DAY) {
      const end = day + HOURS_A_DAY > now + HOURS_A_DAY ? FOR_EVER : day + HOURS_A_DAY;
      const sides = await run<{ build: number; rows: number; hash: string }>(client, statement, [[live, build], day, end]);
      const [one, other] = [live, build].map((number) => sides.find((side) => side.build === number));
      if (one?.rows === other?.rows && one?.hash === other?.hash) continue;
      found.push({ figures, day: startOf(day).toISOString().slice(0, 10), rows: other?.rows ?? 0, liveRows: one?.rows ?? 0 });
    }
  }
  return found;
}
