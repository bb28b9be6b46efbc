import {
  type Difference, differences, EMPTY_FOLD, fold, type FoldState, fromPointer, type Json, type JsonObject, type Op, valueAt,
} from '@app/kernel';

/** An event as far as undoing goes. */
export interface Step {
  readonly version: number;
  readonly ops: readonly Op[];
}

/** A path that an undone event and a later one both wrote, and what becomes of it. */
export interface Conflict {
  readonly path: string;
  readonly resolution: 'kept' | 'taken back by the amount' | 'set back below a later change' | 'limited by the bounds';
}

/** What makes the current state what it would be without the undone events. */
export interface UndoPlan {
  /** A merge patch, increments as `{"$inc": n}`; empty where nothing is left to take back. */
  readonly changes: JsonObject;
  /** The aggregate would not be there without them. */
  readonly deletes: boolean;
  readonly diff: readonly Difference[];
  readonly conflicts: readonly Conflict[];
}

/**
 * Undoes events in the middle of a history: the state that the others alone fold to is where it must end. So an increment is taken
 * back by its amount, and a value goes back only where nobody has set it since. Pure.
 * @param base the state before the first of `steps`; undefined if that is the first event of the aggregate
 * @param steps every event since, oldest first
 */
export function planUndo(base: FoldState | undefined, steps: readonly Step[], isUndone: (version: number) => boolean): UndoPlan {
  const now = foldAll(base ?? EMPTY_FOLD, steps);
  const counted = incremented(steps.filter(({ version }) => isUndone(version)));
  return towards(now, without(base, steps.filter(({ version }) => !isUndone(version))), (path) => counted.has(path), conflictsOf(steps, isUndone));
}

/**
 * Undoes every event since a state but the last ones, without looking at them. Pure.
 * @param base that state; undefined if nothing was before them
 * @param later the events after them, oldest first
 * @param isCounted whether what a path holds is counted up and down
 */
export function planReturn(base: FoldState | undefined, later: readonly Step[], now: FoldState, isCounted: (path: string) => boolean): UndoPlan {
  return towards(now, without(base, later), isCounted, []);
}

/** What the others alone lead to; undefined where that is nothing. */
function without(base: FoldState | undefined, others: readonly Step[]): FoldState | undefined {
  const target = foldAll(base ?? EMPTY_FOLD, others);
  return target.deleted || (base === undefined && others.length === 0) ? undefined : target;
}

function towards(
  now: FoldState, target: FoldState | undefined, isCounted: (path: string) => boolean, conflicts: readonly Conflict[],
): UndoPlan {
  if (!target) return { changes: {}, deletes: !now.deleted, diff: now.deleted ? [] : differences(now.data, {}), conflicts };
  const diff = differences(now.data, target.data);
  const changes: JsonObject = {};
  for (const { path, old, new: wanted } of diff) {
    const isAmount = isCounted(path) && Number.isSafeInteger(old) && Number.isSafeInteger(wanted) && !now.deleted;
    put(changes, fromPointer(path), isAmount ? { $inc: (wanted as number) - (old as number) } : (wanted ?? null));
  }
  // A tombstone without data comes back by an event all the same.
  return { changes, deletes: false, diff, conflicts };
}

function foldAll(base: FoldState, steps: readonly Step[]): FoldState {
  return steps.reduce((state, { ops, version }) => fold(state, ops, version), base);
}

/** Paths that were only ever incremented by these. */
function incremented(steps: readonly Step[]): Set<string> {
  const kinds = new Map<string, boolean>();
  for (const { ops } of steps) {
    for (const op of ops) if (op[0] !== 'del') kinds.set(op[1], op[0] === 'inc' && kinds.get(op[1]) !== false);
  }
  return new Set([...kinds].filter(([, only]) => only).map(([path]) => path));
}

function conflictsOf(steps: readonly Step[], isUndone: (version: number) => boolean): Conflict[] {
  const found = new Map<string, Conflict>();
  const undone = new Map<string, 'inc' | 'other'>();
  for (const { version, ops } of steps) {
    for (const op of ops) {
      if (op[0] === 'del') continue;
      const path = op[1];
      if (isUndone(version)) {
        undone.set(path, op[0] === 'inc' ? 'inc' : 'other');
        continue;
      }
      for (const [touched, kind] of undone) {
        if (!overlaps(path, touched)) continue;
        const later = op[0] === 'inc' && path === touched
          ? kind === 'inc' ? 'taken back by the amount' : 'set back below a later change'
          : 'kept';
        found.set(touched, { path: touched, resolution: later });
      }
    }
  }
  return [...found.values()];
}

function overlaps(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

/** Puts a value at a path of a patch. */
function put(patch: JsonObject, path: readonly string[], value: Json): void {
  let owner = patch;
  for (const key of path.slice(0, -1)) {
    const child = valueAt(owner, [key]);
    owner = (owner[key] = typeof child === 'object' && child !== null && !Array.isArray(child) ? child : {});
  }
  owner[path.at(-1)!] = value;
}
