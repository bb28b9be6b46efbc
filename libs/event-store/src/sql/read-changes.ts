import { type Queryable, run } from './database.js';

/** The newest version that an aggregate (`refKey`) reached in a stretch of the log. */
export interface Change {
  readonly key: string;
  readonly version: number;
}

/** A stretch of one log partition, as of one moment: which aggregates moved, and where the log stood. */
export interface Changes {
  readonly epoch: string;
  /** Counts what changed states beside events: another build of them, a repair. What was read before it is void. */
  readonly revision: number;
  /** The newest position of the log at that moment. */
  readonly head: number;
  /** The last position of the stretch; that of the start if the stretch is empty. */
  readonly upTo: number;
  readonly changes: readonly Change[];
}

interface Row {
  epoch: string;
  revision: string;
  head: string;
  up_to: string | null;
  events: string;
  changed: string | null;
}

const READ = {
  name: 'read-changes',
  text: `
    SELECT log_epoch.epoch, (SELECT coalesce(sum(revision), 0) FROM global_state.state_builds) AS revision, log_heads.position AS head,
      news.up_to, news.events, news.changed
    FROM global_state.log_epoch, global_state.log_heads, LATERAL (
      SELECT max(newest) AS up_to, coalesce(sum(events), 0) AS events, string_agg(key || ' ' || version, E'\\n') AS changed
      FROM (
        SELECT aggregate_type || '/' || aggregate_id AS key, max(version) AS version, max(position) AS newest, count(*) AS events
        FROM (
          SELECT position, aggregate_type, aggregate_id, version FROM global_state.events
          WHERE partition = $1 AND position > $2 ORDER BY position LIMIT $3
        ) AS stretch GROUP BY 1
      ) AS aggregates
    ) AS news
    WHERE log_heads.partition = $1`,
};

/**
 * Which aggregates the events after a position changed, at most `limit` events. One statement, so all of it is of one
 * moment; no event is parsed, as whoever asks wants to know only what became old.
 * @throws Error when positions are not dense: the log is damaged and nothing may be built on it
 */
export async function readChanges(db: Queryable, partition: number, after: number, limit: number): Promise<Changes> {
  const [row] = await run<Row>(db, READ, [partition, after, limit]);
  if (!row) throw new Error(`log partition ${partition} has no head`);
  const upTo = row.up_to === null ? after : Number(row.up_to);
  if (Number(row.events) !== upTo - after) {
    throw new Error(`the log has a hole: ${row.events} events between the positions ${after} and ${upTo}`);
  }
  return { epoch: row.epoch, revision: Number(row.revision), head: Number(row.head), upTo, changes: parse(row.changed) };
}

function parse(changed: string | null): Change[] {
  if (changed === null) return [];
  return changed.split('\n').map((text) => {
    const gap = text.lastIndexOf(' ');
    return { key: text.slice(0, gap), version: Number(text.slice(gap + 1)) };
  });
}
