import { type AggregateRef, type AggregateSnapshot, EMPTY_FOLD } from '@app/kernel';
import type { Queryable } from '../sql/database.js';
import { foldEvents } from './sql/fold-events.js';
import { AggregateFold, CURRENT_FOLD, type Folded, isPoisoned, type Poisoned, type StateFold } from './state-fold.js';

/** Before every aggregate, in the order of keys. */
export const BEFORE_ALL: AggregateRef = { type: '', id: '00000000-0000-0000-0000-000000000000' };

export interface FoldLogOptions {
  /** Aggregates up to this one were met before, in the order of ids, then types. */
  readonly after?: AggregateRef;
  readonly types?: readonly string[];
  readonly fold?: StateFold;
  readonly signal?: AbortSignal;
}

/** An aggregate that was walked through, and how many events that took. */
export interface Walked {
  readonly result: Folded | Poisoned;
  readonly events: number;
}

/** Folds the log aggregate by aggregate, in the order of ids, then types. */
export async function* foldLog(
  db: Queryable, { after = BEFORE_ALL, types, fold = CURRENT_FOLD, signal }: FoldLogOptions = {},
): AsyncGenerator<Walked> {
  let current: AggregateFold | undefined;
  for await (const events of foldEvents(db, after, types)) {
    signal?.throwIfAborted();
    for (const event of events) {
      if (!current?.isOf(event)) {
        if (current) yield { result: current.end(), events: current.events };
        current = new AggregateFold(event, fold, EMPTY_FOLD);
      }
      current.take(event);
    }
  }
  if (current) yield { result: current.end(), events: current.events };
}

/**
 * Folds the whole log, aggregate by aggregate: each aggregate's final state and last event.
 * @throws what an event throws that cannot be folded
 */
export async function* foldAll(db: Queryable): AsyncGenerator<{ state: AggregateSnapshot; last: Folded['last'] }> {
  for await (const { result } of foldLog(db)) {
    if (isPoisoned(result)) throw result.error;
    const { ref, version, hash, hlc, state, last } = result;
    yield { state: { ...state, ref, version, hash, hlc }, last };
  }
}
