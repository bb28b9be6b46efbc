import type { AggregateRef } from '@app/kernel';
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../sql/transaction.js';
import { PARTITION } from '../writer/advance.js';
import { BEFORE_ALL } from './fold-log.js';
import { type BuildHooks, type BuildPace, Rebuild, type RebuildResult } from './rebuild.js';
import { checkStretch, repairAggregate, repairStates, type Stretch, type StretchReplayed } from './repair.js';
import { Revert, type RevertHooks, type RevertResult } from './revert.js';
import { previousBuilds } from './sql/live-builds.js';
import { openRebuild, readRebuild } from './sql/rebuild-records.js';
import { dropStaleRows, forgetStaleBuild, staleBuilds } from './sql/stale-builds.js';
import { CURRENT_FOLD, type StateFold } from './state-fold.js';

const DROPPED_AT_ONCE = 1_000;
const PACE: BuildPace = { pageAggregates: 500, roundEvents: 5_000, lockedEvents: 250 };

export interface StateBuildsOptions extends Partial<BuildPace> {
  /** Absent: as the running code folds. */
  readonly fold?: StateFold;
}

/**
 * Builds the states anew from the log while the old ones serve, puts them in their place, and goes back. Writers wait only for the last
 * moment of it. docs/decisions/0019 says why nothing is lost.
 *
 * Two rebuilds of one type at a time are the caller's to prevent: the one that was opened last wins.
 */
export class StateBuilds {
  private readonly fold: StateFold;
  private readonly pace: BuildPace;

  constructor(private readonly pool: Pool, { fold = CURRENT_FOLD, ...pace }: StateBuildsOptions = {}) {
    this.fold = fold;
    this.pace = { ...PACE, ...pace };
  }

  /**
   * Opens a rebuild of some types, or of all. One of the same types that is under way is given up.
   * @returns the number of the build, for `rebuild`
   */
  async open(types?: readonly string[]): Promise<number> {
    return (await openRebuild(this.pool, PARTITION, { types, generation: this.fold.generation })).build;
  }

  /**
   * Does an opened rebuild, from wherever it was left, and makes it live: folds all aggregates page by page, takes in what changed
   * meanwhile until little is missing, holds the states against the live ones, and swaps with all appends held back. The build before
   * stays, for `revert`.
   *
   * An aggregate that has an event that cannot be folded is parked: `hooks.parked` is told, and it keeps its live state as it is.
   * @throws StatesDiffer if states differ from the live ones and that is not accepted; the build is then given up
   * @throws Error if there is no such rebuild, or it was given up
   */
  async rebuild(build: number, { acceptDifferences = false, ...hooks }: BuildHooks & { acceptDifferences?: boolean } = {}): Promise<RebuildResult> {
    const record = await readRebuild(this.pool, build);
    if (!record) throw new Error(`there is no rebuild ${build}`);
    return new Rebuild(this.pool, record, { ...hooks, acceptDifferences, fold: this.fold, pace: this.pace }).run();
  }

  /**
   * Makes the build before the last rebuild live again, of some types or all that have one, with all that happened since. Once: there is
   * one build to go back to.
   * @throws Error if there is none
   */
  revert(types: readonly string[] | undefined, hooks: RevertHooks = {}): Promise<RevertResult> {
    return new Revert(this.pool, types, { ...hooks, fold: this.fold, pace: this.pace }).run();
  }

  /** Whether there is a build to go back to, of one of some types or of any. */
  async canRevert(types: readonly string[] | undefined): Promise<boolean> {
    return (await previousBuilds(this.pool, types)).length > 0;
  }

  /**
   * Folds the aggregates that have their last event of a range in a stretch of it, from their first event on, and holds them against the
   * live states.
   * @param repairing absent: it only looks. Else the folds are written over live states that differ, for which appends are held back, and
   * aggregates that cannot be folded are told
   */
  async replay(stretch: Stretch, repairing?: BuildHooks['parked']): Promise<StretchReplayed> {
    const { replayed, differing } = await checkStretch(this.pool, stretch, this.fold);
    if (repairing) {
      await repairStates(this.pool, differing, this.fold);
      if (replayed.poisoned.length > 0) await inTransaction(this.pool, (client) => repairing(client, replayed.poisoned));
    }
    return replayed;
  }

  /**
   * Folds one aggregate from its first event on and writes that over its live state if that differs; appends are held back until the
   * client's transaction ends.
   * @throws what an event throws that cannot be folded
   */
  repair(client: PoolClient, ref: AggregateRef): Promise<void> {
    return repairAggregate(client, ref, this.fold);
  }

  /** Deletes what no build needs any more, in small transactions. @returns the number of rows */
  async drop(signal?: AbortSignal): Promise<number> {
    let dropped = 0;
    for (const stale of await staleBuilds(this.pool)) {
      for (let after: AggregateRef | undefined = BEFORE_ALL; after;) {
        signal?.throwIfAborted();
        const gone: AggregateRef[] = await dropStaleRows(this.pool, stale, after, DROPPED_AT_ONCE);
        dropped += gone.length;
        after = gone.length < DROPPED_AT_ONCE ? undefined : newest(gone);
      }
      await forgetStaleBuild(this.pool, stale);
    }
    return dropped;
  }
}

/** The last one in the order of keys, which is the order of these texts. */
function newest(refs: readonly AggregateRef[]): AggregateRef {
  return refs.reduce((last, ref) => (ref.id > last.id || (ref.id === last.id && ref.type > last.type) ? ref : last));
}
