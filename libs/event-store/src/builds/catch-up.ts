import { type AggregateRef, EMPTY_FOLD } from '@app/kernel';
import type { Queryable } from '../sql/database.js';
import { PARTITION } from '../writer/advance.js';
import { copyLiveRows, type Held, saveBuiltRows } from './sql/built-rows.js';
import { changedAggregates, newerEvents } from './sql/fold-events.js';
import { type Built, readBuilt } from './sql/read-built.js';
import { AggregateFold, type Folded, isPoisoned, type Poisoned, type StateFold } from './state-fold.js';

const PAGE_EVENTS = 20_000;

/** A build that lags behind the log. */
export interface Lagging {
  readonly build: number;
  /** Absent: every type. */
  readonly types?: readonly string[];
  /** It holds every change up to here. */
  readonly position: number;
  readonly fold: StateFold;
}

/** What taking some events into a build came to. */
export interface Taken {
  readonly held: readonly Held[];
  readonly poisoned: readonly Poisoned[];
  readonly types: readonly string[];
  readonly aggregates: number;
  readonly events: number;
}

/** Takes the changes of a build's types into it, up to a position or beyond. */
export async function catchUp(db: Queryable, { build, types, position, fold }: Lagging, upTo: number): Promise<Taken> {
  const refs = upTo > position ? await changedAggregates(db, PARTITION, { after: position, upTo, types }) : [];
  if (refs.length === 0) return { held: [], poisoned: [], types: [], aggregates: 0, events: 0 };
  const known = await readBuilt(db, build, refs);
  const folds = await foldNewer(db, known, fold);
  const results = folds.map((each) => each.end());
  return {
    ...await saveResults(db, { build, fold }, results),
    types: [...new Set(refs.map(({ type }) => type))], aggregates: refs.length, events: folds.reduce((sum, { events }) => sum + events, 0),
  };
}

/** Folds what came after known states, page by page. Aggregates to which nothing came are not in it. */
export async function foldNewer(db: Queryable, known: readonly Built[], fold: StateFold): Promise<AggregateFold[]> {
  const folds = new Map<string, AggregateFold>();
  const states = new Map(known.map(({ ref, state }) => [keyOf(ref), state ?? EMPTY_FOLD]));
  for (let open: readonly Pick<Built, 'ref' | 'version'>[] = known; open.length > 0;) {
    const most = Math.ceil(PAGE_EVENTS / open.length);
    const full: AggregateFold[] = [];
    let count = 0;
    let current: AggregateFold | undefined;
    for (const event of await newerEvents(db, open, most)) {
      if (!current?.isOf(event)) {
        const key = keyOf({ type: event.aggregate_type, id: event.aggregate_id });
        current = folds.get(key) ?? new AggregateFold(event, fold, states.get(key)!);
        folds.set(key, current);
        count = 0;
      }
      current.take(event);
      if ((count += 1) === most) full.push(current);
    }
    open = full;
  }
  return [...folds.values()];
}

/** Writes folds into a build. An aggregate that could not be folded takes over its live state as it is. */
export async function saveResults(
  db: Queryable, { build, fold }: { build: number; fold: StateFold }, results: readonly (Folded | Poisoned)[],
): Promise<{ held: Held[]; poisoned: Poisoned[] }> {
  const poisoned = results.filter(isPoisoned);
  const folded = results.filter((result): result is Folded => !isPoisoned(result));
  const held = await saveBuiltRows(db, { build, generation: fold.generation }, folded);
  await copyLiveRows(db, build, poisoned.map(({ ref }) => ref));
  return { held, poisoned };
}

function keyOf({ type, id }: AggregateRef): string {
  return `${id}/${type}`;
}
