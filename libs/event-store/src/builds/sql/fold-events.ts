import type { AggregateRef } from '@app/kernel';
import { type Queryable, run } from '../../sql/database.js';
import type { FoldEvent } from '../state-fold.js';

const COLUMNS = 'partition, position, aggregate_type, aggregate_id, version, ops, hlc, encode(hash, \'hex\') AS hash, committed_at';

// In the order of the index that has them, so that each aggregate comes in one piece.
const PAGE = {
  name: 'fold-page',
  text: `
    SELECT ${COLUMNS} FROM global_state.events
    WHERE (aggregate_id, aggregate_type, version) > ($1::uuid, $2, $3) AND ($4::text[] IS NULL OR aggregate_type = ANY ($4))
    ORDER BY aggregate_id, aggregate_type, version LIMIT 5000`,
};

const LAST_VERSION = '9223372036854775807';

/** All events of the aggregates after one, aggregate by aggregate, versions in order, in pages; the next page is on its way meanwhile. */
export async function* foldEvents(
  db: Queryable, after: AggregateRef, types: readonly string[] | undefined,
): AsyncGenerator<FoldEvent[]> {
  const page = (id: string, type: string, version: string): Promise<FoldEvent[]> => {
    const rows = run<FoldEvent>(db, PAGE, [id, type, version, types ?? null]);
    rows.catch(() => undefined); // thrown where it is awaited; whoever stops before that does not ask
    return rows;
  };
  let coming = page(after.id, after.type, LAST_VERSION);
  for (;;) {
    const rows = await coming;
    const last = rows.at(-1);
    if (!last) return;
    coming = page(last.aggregate_id, last.aggregate_type, last.version);
    yield rows;
  }
}

const NEWER = {
  name: 'fold-newer-events',
  text: `
    SELECT e.* FROM unnest($1::text[], $2::uuid[], $3::bigint[]) AS known(type, id, newest)
    CROSS JOIN LATERAL (
      SELECT ${COLUMNS} FROM global_state.events
      WHERE aggregate_type = known.type AND aggregate_id = known.id AND version > known.newest
      ORDER BY version LIMIT $4
    ) AS e
    ORDER BY e.aggregate_id, e.aggregate_type, e.version`,
};

/** The next events of some aggregates after a version each, at most `limit` of each: aggregate by aggregate, versions in order. */
export function newerEvents(db: Queryable, known: readonly { ref: AggregateRef; version: number }[], limit: number): Promise<FoldEvent[]> {
  return run(db, NEWER, [known.map(({ ref }) => ref.type), known.map(({ ref }) => ref.id), known.map(({ version }) => version), limit]);
}

const CHANGED = {
  name: 'changed-aggregates',
  text: `
    SELECT aggregate_type AS type, aggregate_id AS id FROM global_state.events
    WHERE partition = $1 AND position > $2 AND position <= $3 AND ($4::text[] IS NULL OR aggregate_type = ANY ($4))
    GROUP BY aggregate_type, aggregate_id`,
};

/** The aggregates of some types, or all, that have events in a stretch of the log; the first position is not of it. */
export function changedAggregates(
  db: Queryable, partition: number, { after, upTo, types }: { after: number; upTo: number; types?: readonly string[] },
): Promise<AggregateRef[]> {
  return run<{ type: string; id: string }>(db, CHANGED, [partition, after, upTo, types ?? null]);
}

const LAST_CHANGED = {
  name: 'last-changed-aggregates',
  text: `
    SELECT aggregate_type AS type, aggregate_id AS id FROM (
      SELECT aggregate_type, aggregate_id, max(version) AS version FROM global_state.events
      WHERE partition = $1 AND position > $2 AND position <= $3 AND ($4::text[] IS NULL OR aggregate_type = ANY ($4))
      GROUP BY aggregate_type, aggregate_id
    ) AS changed
    WHERE NOT EXISTS (
      SELECT FROM global_state.events AS next
      WHERE next.aggregate_id = changed.aggregate_id AND next.aggregate_type = changed.aggregate_type AND next.version = changed.version + 1
        AND next.position <= $5
    )`,
};

/** Of a stretch of a range of the log, the aggregates whose last event in the range is in it: each is in one stretch of the range. */
export function lastChangedAggregates(
  db: Queryable, partition: number, { after, upTo, end, types }: { after: number; upTo: number; end: number; types?: readonly string[] },
): Promise<AggregateRef[]> {
  return run<{ type: string; id: string }>(db, LAST_CHANGED, [partition, after, upTo, types ?? null, end]);
}

const COUNT = {
  name: 'count-events-of-types',
  text: 'SELECT count(*) AS events FROM global_state.events WHERE aggregate_type = ANY ($1)',
};

/** How many events some types have. Looks at all of the log. */
export async function countEvents(db: Queryable, types: readonly string[]): Promise<number> {
  const [row] = await run<{ events: string }>(db, COUNT, [types]);
  return Number(row!.events);
}
