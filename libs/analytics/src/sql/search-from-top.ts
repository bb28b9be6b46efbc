import type { PoolClient } from 'pg';
import { dayOf, firstWholeDay } from '../projection/hours.js';
import { ask } from './database.js';
import type { ActiveAggregate, HourFigures, Scope } from './read-figures.js';

/** Most often the first few decide. */
const FIRST_PAGE = 32;
const GROWTH = 4;

/** An aggregate in the order of all that is kept of it, which is the most it can have in a range. */
interface Candidate extends ActiveAggregate {
  readonly bound: number;
}

/** The parts of a range that saw changes of an aggregate type: hours up to midnight, then whole days. */
interface Parts {
  readonly hours: readonly number[];
  readonly days: readonly number[];
}

// The inner select ends before the sums begin: only what it yields is summed, by the keys of the parts.
const PAGE = `
  SELECT aggregate_type AS "aggregateType", aggregate_id AS "aggregateId", changes::float8 AS bound,
    CASE WHEN last_hour < $3 THEN 0 ELSE (
      SELECT coalesce(sum(part.changes), 0) FROM global_state.analytics_hour_aggregates AS part
      WHERE part.build = $1 AND part.hour = ANY ($4) AND part.aggregate_type = $2 AND part.aggregate_id = top.aggregate_id
    ) + (
      SELECT coalesce(sum(part.changes), 0) FROM global_state.analytics_day_aggregates AS part
      WHERE part.build = $1 AND part.day = ANY ($5) AND part.aggregate_type = $2 AND part.aggregate_id = top.aggregate_id
    ) END::float8 AS "changeCount"
  FROM (
    SELECT aggregate_type, aggregate_id, changes, last_hour FROM global_state.analytics_aggregates
    WHERE build = $1 AND aggregate_type = $2 AND changes > $6
    ORDER BY changes DESC, aggregate_id OFFSET $7 LIMIT $8
  ) AS top ORDER BY changes DESC, aggregate_id`;

/**
 * Looks for the aggregate with the most changes among those with the highest bounds, and ends where no lower one can win: the threshold
 * algorithm (Fagin, Lotem, Naor: Optimal aggregation algorithms for middleware, 2001) with one list.
 * @param hours the figures of the scope by hour
 * @param atMost aggregates looked at
 * @returns absent if so many do not decide; else the first by type and id of those with the most, if any changed
 */
export async function searchFromTop(
  client: PoolClient, scope: Scope, hours: readonly HourFigures[], atMost: number,
): Promise<{ readonly top: ActiveAggregate | undefined } | undefined> {
  let top: ActiveAggregate | undefined;
  let looked = 0;
  for (const aggregateType of [...scope.aggregateTypes].sort()) {
    const parts = partsOf(hours, aggregateType, firstWholeDay(scope.fromHour));
    for await (const candidate of candidates(client, scope, aggregateType, parts, top?.changeCount ?? 0)) {
      const { bound, ...found } = candidate;
      if (!wins({ ...found, changeCount: bound }, top)) break;
      if (wins(found, top)) top = found;
      looked += 1;
      if (looked === atMost) return undefined;
    }
  }
  return { top };
}

/** Those who come first in the order of types are asked first, and of a type those who come first among equal bounds. */
function wins({ aggregateType, aggregateId, changeCount }: ActiveAggregate, top: ActiveAggregate | undefined): boolean {
  if (!top) return changeCount > 0;
  if (changeCount !== top.changeCount) return changeCount > top.changeCount;
  return aggregateType === top.aggregateType && aggregateId < top.aggregateId;
}

async function* candidates(
  client: PoolClient, { build, fromHour }: Scope, aggregateType: string, { hours, days }: Parts, above: number,
): AsyncGenerator<Candidate> {
  if (hours.length === 0 && days.length === 0) return;
  for (let skip = 0, size = FIRST_PAGE; ; skip += size, size *= GROWTH) {
    const page = await ask<{ [Key in keyof Candidate]: Candidate[Key] }>(
      client, PAGE, [build, aggregateType, fromHour, hours, days, above, skip, size],
    );
    yield* page;
    if (page.length < size) return;
  }
}

function partsOf(figures: readonly HourFigures[], aggregateType: string, wholeDaysFrom: number): Parts {
  const hours = figures.filter((figure) => figure.aggregateType === aggregateType).map(({ hour }) => hour);
  return {
    hours: hours.filter((hour) => hour < wholeDaysFrom),
    days: [...new Set(hours.filter((hour) => hour >= wholeDaysFrom).map(dayOf))],
  };
}
