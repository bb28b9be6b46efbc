import { fromPointer, isJsonObject, type Json, type JsonObject, valueAt } from './json.js';

/**
 * How concurrent writes of two regions to one path merge. Declared per type and path by a definition and stored in every
 * op, so that a merge never has to ask today's code what yesterday's event meant. Inside one region the order of versions
 * decides and the merge kind has no effect.
 */
export const MERGE_KINDS = ['lww', 'sum', 'bcounter', 'orset', 'vote', 'max', 'min', 'home'] as const;
export type MergeKind = (typeof MERGE_KINDS)[number];

/**
 * One effect on state, as it is stored in an event. `path` is a JSON Pointer (RFC 6901).
 *
 * - `set`: the value at the path; objects missing on the way are made, scalars on the way give way to objects.
 * - `unset`: the key goes; a path that is not there is left alone.
 * - `inc`: adds a safe integer; the last member is the value at the origin after the op, for readers of the event.
 * - `obj`: an object is at the path, kept if there is one.
 * - `del`: the whole aggregate is a tombstone: no data, next generation.
 */
export type Op =
  | readonly [op: 'set', path: string, merge: MergeKind, value: Json]
  | readonly [op: 'unset', path: string, merge: MergeKind]
  | readonly [op: 'inc', path: string, merge: MergeKind, delta: number, result: number]
  | readonly [op: 'obj', path: string, merge: MergeKind]
  | readonly [op: 'del'];

/**
 * For every path that was ever written, the version of the aggregate's event that wrote it last (its hybrid logical clock
 * is found there). A number, or the children, or both: `[own, children]`.
 */
export type Clocks = number | ClockTree | readonly [own: number, children: ClockTree];
export type ClockTree = { readonly [key: string]: Clocks };

/** What folding yields. Immutable: a fold shares what it did not touch. */
export interface FoldState {
  readonly data: JsonObject;
  readonly clocks: ClockTree;
  readonly generation: number;
  readonly deleted: boolean;
}

export const EMPTY_FOLD: FoldState = Object.freeze({ data: {}, clocks: {}, generation: 0, deleted: false });

/**
 * Folds one event's ops into a state. Pure and total: any op on any state has a result, so replay never needs the code
 * that once decided the event. An event on a tombstone revives it from `{}`. Copies only the path it writes.
 * @param version the aggregate's version after the event; becomes the clock of every path it writes
 */
export function fold(state: FoldState, ops: readonly Op[], version: number): FoldState {
  let { data, clocks, generation } = state;
  let deleted = false;
  for (const op of ops) {
    if (op[0] === 'del') {
      data = {};
      clocks = {};
      generation += 1;
      deleted = true;
      continue;
    }
    const path = fromPointer(op[1]);
    if (path.length === 0) continue; // only `del` is about the state as a whole
    const keepsBelow = op[0] === 'obj' && isJsonObject(valueAt(data, path));
    data = applyToData(data, op, path);
    clocks = touch(clocks, path, 0, { version, keepsBelow });
    deleted = false;
  }
  return { data, clocks, generation, deleted };
}

type PathOp = Exclude<Op, readonly ['del']>;

function applyToData(data: JsonObject, op: PathOp, path: string[]): JsonObject {
  switch (op[0]) {
    case 'set':
      return write(data, path, 0, op[3]);
    case 'inc':
      return write(data, path, 0, sumOf(valueAt(data, path), op[3]));
    case 'obj':
      return isJsonObject(valueAt(data, path)) ? data : write(data, path, 0, {});
    case 'unset':
      return erase(data, path, 0);
  }
}

/** Sum within the safe integers; what is no number counts as 0. Deciders refuse both cases, a merge can meet them. */
export function sumOf(value: Json | undefined, delta: number): number {
  const sum = (typeof value === 'number' ? value : 0) + delta;
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, sum));
}

function write(target: Json | undefined, path: string[], depth: number, value: Json): JsonObject {
  const key = path[depth]!;
  const owner = isJsonObject(target) ? target : {};
  const child = depth === path.length - 1 ? value : write(own(owner, key), path, depth + 1, value);
  return { ...owner, [key]: child };
}

function erase(target: JsonObject, path: string[], depth: number): JsonObject {
  const key = path[depth]!;
  if (!Object.hasOwn(target, key)) return target;
  if (depth === path.length - 1) {
    const { [key]: _gone, ...rest } = target;
    return rest;
  }
  const child = target[key];
  if (!isJsonObject(child)) return target;
  const next = erase(child, path, depth + 1);
  return next === child ? target : { ...target, [key]: next };
}

/** A write that keeps what is below its path keeps the clocks there too: they are what a merge of the parts goes by. */
interface Mark {
  readonly version: number;
  readonly keepsBelow: boolean;
}

function touch(tree: ClockTree, path: string[], depth: number, mark: Mark): ClockTree {
  const key = path[depth]!;
  const node = Object.hasOwn(tree, key) ? tree[key]! : {};
  const below = childrenOf(node);
  if (depth < path.length - 1) return { ...tree, [key]: join(clockOf(node), touch(below, path, depth + 1, mark)) };
  return { ...tree, [key]: mark.keepsBelow ? join(mark.version, below) : mark.version };
}

function join(ownClock: number | undefined, children: ClockTree): Clocks {
  if (ownClock === undefined) return children;
  return Object.keys(children).length === 0 ? ownClock : [ownClock, children];
}

function childrenOf(node: Clocks): ClockTree {
  if (typeof node === 'number') return {};
  return isPair(node) ? node[1] : node;
}

function clockOf(node: Clocks): number | undefined {
  if (typeof node === 'number') return node;
  return isPair(node) ? node[0] : undefined;
}

function isPair(node: Exclude<Clocks, number>): node is readonly [number, ClockTree] {
  return Array.isArray(node);
}

function own(target: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(target, key) ? target[key] : undefined;
}

/**
 * What an event changed, as a merge patch (RFC 7396) with every value resolved: an increment shows its result, a removed
 * key is null. Read from the ops alone. A deletion has no patch: the answer is `{}`.
 */
export function changesOf(ops: readonly Op[]): JsonObject {
  let patch: JsonObject = {};
  for (const op of ops) {
    if (op[0] === 'del') return {};
    const path = fromPointer(op[1]);
    if (path.length === 0 || (op[0] === 'obj' && isJsonObject(valueAt(patch, path)))) continue;
    patch = write(patch, path, 0, resolvedValue(op));
  }
  return patch;
}

function resolvedValue(op: PathOp): Json {
  switch (op[0]) {
    case 'set':
      return op[3];
    case 'inc':
      return op[4];
    case 'obj':
      return {};
    case 'unset':
      return null;
  }
}
