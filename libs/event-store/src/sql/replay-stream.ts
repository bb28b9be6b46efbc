import { type AggregateRef, EMPTY_FOLD, type FoldState, type Op, Replay } from '@app/kernel';
import { type Queryable, run } from './database.js';
import type { SnapshotStart } from './snapshots.js';

const PAGE_EVENTS = 2000;

/** One text for all ops of the page: a row an event costs more than folding it. */
const PAGE = {
  name: 'replay-page',
  text: `
    SELECT count(*)::integer AS events, max(committed_at) AS committed_at, max(position) AS position, -- neither runs backwards
      '[' || string_agg(ops::text, ',' ORDER BY version) || ']' AS ops
    FROM global_state.events
    WHERE aggregate_type = $1 AND aggregate_id = $2 AND version BETWEEN $3 AND $4`,
};

interface PageRow {
  events: number;
  committed_at: Date;
  position: string;
  ops: string;
}

export interface Replayed {
  readonly state: FoldState;
  readonly version: number;
  readonly committedAt: Date;
  readonly position: number;
}

export interface ReplayOptions {
  /** Where to begin, at the version or below; absent: before the first event. */
  readonly start?: SnapshotStart;
  /** A page ends at each multiple of this, wherever else it does. */
  readonly every?: number;
  /** The state at a multiple. It is only valid during the call. */
  readonly passed?: (at: Replayed) => void;
}

/** The state of an aggregate after its event `version`, folded from the events, or `undefined` if there is no such event. */
export async function replayStream(
  db: Queryable, ref: AggregateRef, version: number, { start, every = PAGE_EVENTS, passed }: ReplayOptions = {},
): Promise<Replayed | undefined> {
  const replay = new Replay(start?.state ?? EMPTY_FOLD);
  let last = start && { version: start.version, committedAt: start.lastModified, position: start.position };
  for (let from = (start?.version ?? 0) + 1; from <= version;) {
    const to = Math.min(version, Math.ceil(from / every) * every, from + PAGE_EVENTS - 1);
    const [found] = await run<PageRow>(db, PAGE, [ref.type, ref.id, from, to]);
    if (found!.events < to - from + 1) return undefined; // versions are dense: the stream ends before
    const first = from;
    (JSON.parse(found!.ops) as Op[][]).forEach((ops, i) => replay.apply(ops, first + i));
    last = { version: to, committedAt: found!.committed_at, position: Number(found!.position) };
    if (to % every === 0) passed?.({ ...last, state: replay.end() });
    from = to + 1;
  }
  return last && { ...last, state: replay.end() };
}
