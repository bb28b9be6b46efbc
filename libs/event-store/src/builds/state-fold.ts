import { type AggregateRef, type FoldState, type Op, Replay } from '@app/kernel';
import type { FrozenState } from '../sql/chain-record.js';
import { FOLD_GENERATION, freeze } from '../writer/advance.js';

/** A way of folding states from ops: the kernel's, or another one where a change of it is tried. */
export interface StateFold {
  /** Stored with each state: see `FOLD_GENERATION`. */
  readonly generation: number;
  /** Begins with a state, which it leaves as it is; `apply` throws for ops that cannot be folded. */
  begin(from: FoldState): Pick<Replay, 'apply' | 'end'>;
}

/** How the running code folds. */
export const CURRENT_FOLD: StateFold = { generation: FOLD_GENERATION, begin: (from) => new Replay(from) };

/** An aggregate that has an event that cannot be folded. */
export interface Poisoned {
  readonly ref: AggregateRef;
  /** Of the event. */
  readonly version: number;
  readonly partition: number;
  readonly position: number;
  readonly error: Error;
}

/** An aggregate after its newest event. */
export interface Folded {
  readonly ref: AggregateRef;
  readonly version: number;
  readonly hash: string;
  readonly hlc: bigint;
  readonly state: FoldState;
  readonly frozen: FrozenState;
  /** Where and when its newest event was committed. */
  readonly last: { readonly partition: number; readonly position: number; readonly committedAt: Date };
}

/** The walk through one aggregate's events, in order. */
export interface FoldEvent {
  readonly partition: number;
  readonly position: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly version: string;
  readonly ops: Op[];
  readonly hlc: string;
  readonly hash: string;
  readonly committed_at: Date;
}

/** Folds one aggregate in place; after an event that cannot be folded it only counts. */
export class AggregateFold {
  readonly ref: AggregateRef;
  events = 0;
  private readonly replay: Pick<Replay, 'apply' | 'end'>;
  private last: FoldEvent;
  private poisoned: Poisoned | undefined;

  constructor(first: FoldEvent, fold: StateFold, from: FoldState) {
    this.ref = { type: first.aggregate_type, id: first.aggregate_id };
    this.last = first;
    this.replay = fold.begin(from);
  }

  /** Of the newest event that was taken. */
  get version(): number {
    return Number(this.last.version);
  }

  isOf({ aggregate_type: type, aggregate_id: id }: FoldEvent): boolean {
    return this.ref.id === id && this.ref.type === type;
  }

  take(event: FoldEvent): void {
    this.events += 1;
    this.last = event;
    if (this.poisoned) return;
    this.attempt(() => this.replay.apply(event.ops, Number(event.version)));
  }

  end(): Folded | Poisoned {
    const ended = this.attempt(() => {
      const state = this.replay.end();
      return { state, frozen: freeze(state) };
    });
    if (this.poisoned || !ended) return this.poisoned!;
    const { partition, position, version, hash, hlc, committed_at: committedAt } = this.last;
    return {
      ...ended, ref: this.ref, version: Number(version), hash, hlc: BigInt(hlc),
      last: { partition, position: Number(position), committedAt },
    };
  }

  private attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      const { partition, version, position } = this.last;
      this.poisoned ??= { ref: this.ref, version: Number(version), partition, position: Number(position), error };
      return undefined;
    }
  }
}

export function isPoisoned(result: Folded | Poisoned): result is Poisoned {
  return 'error' in result;
}
