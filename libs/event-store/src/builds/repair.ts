import { type AggregateRef, refKey } from '@app/kernel';
import type { Pool, PoolClient } from 'pg';
import { dropSnapshots } from '../sql/snapshots.js';
import { inTransaction } from '../sql/transaction.js';
import { PARTITION } from '../writer/advance.js';
import { foldNewer } from './catch-up.js';
import { type DifferenceSample, sampleOf } from './differences.js';
import { compareWithLive, type Held, saveBuiltRows } from './sql/built-rows.js';
import { lastChangedAggregates } from './sql/fold-events.js';
import { lockHeads, voidStates } from './sql/live-builds.js';
import { type Folded, isPoisoned, type Poisoned, type StateFold } from './state-fold.js';

/** A stretch of a range of the log. */
export interface Stretch {
  /** The position before its first one. */
  readonly after: number;
  readonly upTo: number;
  /** The last position of the range. */
  readonly end: number;
  readonly types?: readonly string[];
}

/** What replaying a stretch came to. Aggregates count in the stretch of their last event in the range. */
export interface StretchReplayed {
  readonly aggregates: number;
  /** Of these aggregates, all that there are. */
  readonly events: number;
  readonly differences: readonly DifferenceSample[];
  readonly poisoned: readonly Poisoned[];
}

const REPAIRED_AT_ONCE = 100;

/** Folds the aggregates of a stretch from their first event on and holds them against the live states, all as of one moment. */
export function checkStretch(pool: Pool, stretch: Stretch, fold: StateFold): Promise<{ replayed: StretchReplayed; differing: Folded[] }> {
  return inTransaction(pool, async (client) => {
    const refs = await lastChangedAggregates(client, PARTITION, stretch);
    const folds = await foldNewer(client, refs.map((ref) => ({ ref, version: 0 })), fold);
    const results = folds.map((each) => each.end());
    const folded = results.filter((result): result is Folded => !isPoisoned(result));
    const held = await compareWithLive(client, folded);
    const replayed = {
      aggregates: refs.length, events: folds.reduce((sum, { events }) => sum + events, 0),
      differences: held.map(sampleOf), poisoned: results.filter(isPoisoned),
    };
    return { replayed, differing: only(folded, held) };
  }, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
}

/** Writes states over live ones that differ, in small transactions, each while appends are held back. */
export async function repairStates(pool: Pool, differing: readonly Folded[], fold: StateFold): Promise<void> {
  for (let from = 0; from < differing.length; from += REPAIRED_AT_ONCE) {
    await inTransaction(pool, (client) => repairIn(client, differing.slice(from, from + REPAIRED_AT_ONCE), fold));
  }
}

/** Brings the states up to date under the heads' locks and writes those over live ones that still differ. */
async function repairIn(client: PoolClient, states: readonly Folded[], fold: StateFold): Promise<void> {
  await lockHeads(client);
  const newer = new Map((await foldNewer(client, states, fold)).map((each) => [refKey(each.ref), each.end()]));
  const current = states.map((state) => newer.get(refKey(state.ref)) ?? state).filter((result): result is Folded => !isPoisoned(result));
  const wrong = only(current, await compareWithLive(client, current));
  if (wrong.length === 0) return;
  for (const { type, build } of await voidStates(client, [...new Set(wrong.map(({ ref }) => ref.type))])) {
    await saveBuiltRows(client, { build, generation: fold.generation }, wrong.filter(({ ref }) => ref.type === type));
  }
  await dropSnapshots(client, wrong.map(({ ref }) => ref));
}

/**
 * Folds one aggregate from its first event on and writes that over its live state if that differs, in a transaction of the caller's.
 * @throws what an event throws that cannot be folded
 */
export async function repairAggregate(client: PoolClient, ref: AggregateRef, fold: StateFold): Promise<void> {
  const [folded] = (await foldNewer(client, [{ ref, version: 0 }], fold)).map((each) => each.end());
  if (!folded) return;
  if (isPoisoned(folded)) throw folded.error;
  await repairIn(client, [folded], fold);
}

function only(folded: readonly Folded[], held: readonly Held[]): Folded[] {
  const names = new Set(held.map(({ ref }) => refKey(ref)));
  return folded.filter(({ ref }) => names.has(refKey(ref)));
}
