import {
  type Difference, differences, EMPTY_FOLD, fold, type FoldState, fromPointer, isJsonObject, type Json, type JsonObject, type Op, toPointer, valueAt,
} from '@app/kernel';
import { type Conflict, Conflicts } from './conflicts.js';
import type { Course } from './in-force.js';

/** An event as far as undoing goes; none that made up for others. */
export interface Step {
  readonly version: number;
  readonly ops: readonly Op[];
}

/** What makes the current state what it would be without what is taken back. */
export interface UndoPlan {
  /** A merge patch, increments as `{"$inc": n}`; empty where nothing is to be done. */
  readonly changes: JsonObject;
  /** The aggregate would not be there. */
  readonly deletes: boolean;
  readonly diff: readonly Difference[];
  readonly conflicts: readonly Conflict[];
}

/** What is known of the fields of an aggregate. */
export interface Fields {
  /** Whether what a path holds is counted up and down. */
  isCounter(path: readonly string[]): boolean;
  /** The number nearest to a wanted one that a path may hold. */
  nearest(path: readonly string[], wanted: number): number;
}

/** A key to unset, so that a tombstone comes back without data. */
const NOTHING: JsonObject = { deleted: null };

/**
 * Works out what an act does: what the events that are in force fold to without it, and with it. Where these differ, the state goes to the
 * latter. So an increment is taken back by its amount, a value goes back only where nobody whose change is in force has set it since, and it
 * does not matter in which order rollbacks and their undoings come. Holds two states, however many events it sees. Pure.
 */
export class Plan {
  private before: FoldState | undefined;
  private after: FoldState | undefined;
  private readonly conflicts = new Conflicts();

  /** @param base the state at the version where the course begins; undefined if nothing was there */
  constructor(base: FoldState | undefined, private readonly course: Course) {
    this.before = base;
    this.after = base;
  }

  /** Every event since, oldest first, but those that `course.next` passes over. */
  see({ version, ops }: Step): void {
    const [was, is] = [!this.course.before(version), !this.course.after(version)];
    if (was && !this.course.isFromNow) this.before = fold(this.before ?? EMPTY_FOLD, ops, version);
    if (is) this.after = fold(this.after ?? EMPTY_FOLD, ops, version);
    if (was !== is) this.conflicts.changed(ops);
    else if (is) this.conflicts.stays(ops);
  }

  /** What is to be done, on the state that is there. */
  on(now: FoldState, fields: Fields): UndoPlan {
    const [before, after] = [this.course.isFromNow ? now : this.before, this.after];
    const conflicts = this.conflicts.list;
    if (isGone(after)) {
      const deletes = !isGone(before) && !now.deleted;
      return { changes: {}, deletes, diff: deletes ? differences(now.data, {}) : [], conflicts };
    }
    const wanted = grafted(now.data, isGone(before) ? {} : before!.data, after!.data);
    const { target, limited } = withinBounds(now.data, wanted, fields);
    const diff = differences(now.data, target);
    const isCounted = (path: string): boolean => this.conflicts.isCounted(path) ?? fields.isCounter(fromPointer(path));
    const changes = patchOf(diff, (path) => !now.deleted && isCounted(path));
    const isRevived = now.deleted && isGone(before) && diff.length === 0;
    return { changes: isRevived ? NOTHING : changes, deletes: false, diff, conflicts: [...conflicts, ...limited] };
  }
}

function isGone(state: FoldState | undefined): boolean {
  return state === undefined || state.deleted;
}

/** A state with what differs between two others as the latter has it; all else stays, also what bounds once kept from going back. */
function grafted(now: JsonObject, before: JsonObject, after: JsonObject): JsonObject {
  return changed(now, differences(before, after).map(({ path, new: value }) => [path, value]));
}

function changed(data: JsonObject, values: readonly (readonly [path: string, value: Json | undefined])[]): JsonObject {
  const ops = values.map(([path, value]): Op => (value === undefined ? ['unset', path, 'lww'] : ['set', path, 'lww', value]));
  return fold({ ...EMPTY_FOLD, data }, ops, 0).data;
}

/** What cannot be had is not taken: who has spent the gold goes down to the least that is allowed. */
function withinBounds(now: JsonObject, wanted: JsonObject, fields: Fields): { target: JsonObject; limited: Conflict[] } {
  const possible = differences(now, wanted).flatMap(({ path, new: value }) => numbersIn(fromPointer(path), value))
    .map(([path, value]) => [path, value, fields.nearest(path, value)] as const)
    .filter(([, value, nearest]) => nearest !== value)
    .map(([path, , nearest]) => [toPointer(path), nearest] as const);
  return { target: changed(wanted, possible), limited: possible.map(([path]) => ({ path, resolution: 'limited by the bounds' })) };
}

function numbersIn(path: readonly string[], value: Json | undefined): (readonly [path: readonly string[], value: number])[] {
  if (typeof value === 'number') return [[path, value]];
  return isJsonObject(value) ? Object.entries(value).flatMap(([key, held]) => numbersIn([...path, key], held)) : [];
}

function patchOf(diff: readonly Difference[], isCounted: (path: string) => boolean): JsonObject {
  const patch: JsonObject = {};
  for (const { path, old, new: wanted } of diff) {
    const isAmount = Number.isSafeInteger(old) && Number.isSafeInteger(wanted) && isCounted(path);
    put(patch, fromPointer(path), isAmount ? { $inc: (wanted as number) - (old as number) } : (wanted ?? null));
  }
  return patch;
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
