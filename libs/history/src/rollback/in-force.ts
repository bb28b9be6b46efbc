/** Every version from one to another, both included. */
export interface VersionRange {
  readonly from: number;
  readonly to: number;
}

/** The versions of an aggregate that a rollback takes back: some, in order, or all since one. */
export type Held = readonly number[] | VersionRange;

/** That a rollback, or its undoing, began; `at` is the version that its aggregate had then. */
export interface Act {
  readonly rollbackId: string;
  readonly kind: 'taken' | 'undone';
  readonly at: number;
}

/** What operators did to an aggregate. */
export interface Acts {
  /** The newest last. */
  readonly acts: readonly Act[];
  /** By rollback, whatever became of it. */
  readonly held: ReadonlyMap<string, Held>;
  /** Rollbacks that began, or whose undoing did, and that have not come to its end. */
  readonly underWay: ReadonlySet<string>;
}

/**
 * The rollbacks that are in force: those that nobody has undone. Who goes back to a version takes back what operators did since too, so
 * that it is as it was there; until that is undone. An act is judged by those that came later, so it goes from the newest to the oldest. Pure.
 */
export function inForce({ acts, held }: Pick<Acts, 'acts' | 'held'>): Set<string> {
  const [found, undone] = [new Set<string>(), new Set<string>()];
  let kept = Infinity;
  for (const { rollbackId, kind, at } of [...acts].reverse()) {
    if (at >= kept) continue;
    if (kind === 'undone') undone.add(rollbackId);
    else if (!undone.has(rollbackId)) {
      found.add(rollbackId);
      const versions = held.get(rollbackId)!;
      if ('from' in versions) kept = Math.min(kept, versions.from - 1);
    }
  }
  return found;
}

/** How the effect of an act is found: by folding the events after a version, without those that are taken back. */
export interface Course {
  /** Up to it no operator did anything that must be looked through. */
  readonly base: number;
  /** The state goes all the way to what is in force, not only where the act makes a difference. */
  readonly isFromNow: boolean;
  /** Whether an event is taken back without the act, and with it. */
  readonly before: (version: number) => boolean;
  readonly after: (version: number) => boolean;
  /** The first version from this one on that says anything. */
  readonly next: (version: number) => number;
}

/** @param act one of the acts. Pure. */
export function courseOf(all: Acts, act: Act): Course {
  const after = heldBy(all.held, inForce(all));
  const before = heldBy(all.held, inForce({ ...all, acts: all.acts.filter((other) => other !== act) }));
  const short = shortcut(all, act);
  // Of acts that are under way beside each other nobody knows which part of another's difference is there already.
  const isFromNow = short !== undefined || [...all.underWay].some((id) => id !== act.rollbackId);
  return {
    base: short ?? Math.min(...[...all.held.values()].map(firstOf)) - 1, isFromNow, before: isAny(before), after: isAny(after),
    next: (version) => (isFromNow ? endAfter(after, version) : Math.min(endAfter(before, version), endAfter(after, version))),
  };
}

/**
 * The version to begin at where nobody else's acts are in the way: no other rollback ever had to do with the aggregate, or all of them came
 * after the version that it goes back to. So a million events are not read to take them back.
 */
function shortcut({ acts, held }: Acts, act: Act): number | undefined {
  const versions = held.get(act.rollbackId)!;
  const others = acts.filter(({ rollbackId }) => rollbackId !== act.rollbackId);
  if (act.kind === 'undone') return others.length > 0 ? undefined : acts.find(({ kind }) => kind === 'taken')!.at;
  const first = firstOf(versions);
  const isReturn = 'from' in versions && acts.at(-1) === act && others.every(({ at }) => at >= first - 1);
  return others.length === 0 || isReturn ? first - 1 : undefined;
}

/** Rollbacks of an aggregate are few, their versions may be many. */
function heldBy(held: Acts['held'], rollbacks: ReadonlySet<string>): (ReadonlySet<number> | VersionRange)[] {
  return [...rollbacks].map((id) => held.get(id)!).map((versions) => ('from' in versions ? versions : new Set(versions)));
}

function isAny(all: readonly (ReadonlySet<number> | VersionRange)[]): (version: number) => boolean {
  return (version) => all.some((one) => ('from' in one ? version >= one.from && version <= one.to : one.has(version)));
}

/** The first version from this one on that no range has. */
function endAfter(all: readonly (ReadonlySet<number> | VersionRange)[], version: number): number {
  const range = all.find((one) => 'from' in one && version >= one.from && version <= one.to) as VersionRange | undefined;
  return range ? endAfter(all, range.to + 1) : version;
}

function firstOf(versions: Held): number {
  return 'from' in versions ? versions.from : versions[0]!;
}
