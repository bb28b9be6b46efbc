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
 * that once decided the event. An event on a tombstone revives it from `{}`. Copies what it writes, once however many ops do.
 * @param version the aggregate's version after the event; becomes the clock of every path it writes
 */
export function fold(state: FoldState, ops: readonly Op[], version: number): FoldState {
  if (state !== last.state || ops !== last.ops || version !== last.version) last = { state, ops, version, result: folded(state, ops, version) };
  return last.result;
}

/** What was folded last: an event is judged by the rules on the very state that is then stored. */
let last: { readonly state: FoldState; readonly ops: readonly Op[]; readonly version: number; readonly result: FoldState } = {
  state: EMPTY_FOLD, ops: [], version: 0, result: EMPTY_FOLD,
};

function folded(state: FoldState, ops: readonly Op[], version: number): FoldState {
  let { data, clocks, generation } = state;
  let deleted = false;
  const copies = new Copies();
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
    data = applyToData(data, op, path, copies);
    clocks = touch(clocks, path, { version, keepsBelow }, copies);
    deleted = false;
  }
  return { data, clocks, generation, deleted };
}

/** The objects that a fold made: until it ends they are nobody else's, and are changed where they are. */
class Copies {
  private readonly made = new Set<object>();

  of<T extends object>(original: T): T {
    if (this.made.has(original)) return original;
    const copy = { ...original };
    this.made.add(copy);
    return copy;
  }
}

type PathOp = Exclude<Op, readonly ['del']>;

function applyToData(data: JsonObject, op: PathOp, path: string[], copies: Copies): JsonObject {
  switch (op[0]) {
    case 'set':
      return write(data, path, op[3], copies);
    case 'inc':
      return write(data, path, sumOf(valueAt(data, path), op[3]), copies);
    case 'obj':
      return isJsonObject(valueAt(data, path)) ? data : write(data, path, {}, copies);
    case 'unset':
      return erase(data, path, copies);
  }
}

/** Sum within the safe integers; what is no number counts as 0. Deciders refuse both cases, a merge can meet them. */
export function sumOf(value: Json | undefined, delta: number): number {
  const sum = (typeof value === 'number' ? value : 0) + delta;
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, sum));
}

function write(data: JsonObject, path: readonly string[], value: Json, copies: Copies): JsonObject {
  const root = copies.of(data);
  let owner = root;
  const last = path.length - 1;
  for (let depth = 0; depth < last; depth += 1) {
    const key = path[depth]!;
    const child = own(owner, key);
    const next = copies.of(isJsonObject(child) ? child : {});
    if (next !== child) put(owner, key, next);
    owner = next;
  }
  put(owner, path[last]!, value);
  return root;
}

function erase(data: JsonObject, path: readonly string[], copies: Copies): JsonObject {
  const owner = valueAt(data, path.slice(0, -1));
  if (!isJsonObject(owner) || !Object.hasOwn(owner, path.at(-1)!)) return data;
  const root = copies.of(data);
  let parent = root;
  for (const key of path.slice(0, -1)) {
    const next = copies.of(parent[key] as JsonObject);
    put(parent, key, next);
    parent = next;
  }
  delete parent[path.at(-1)!];
  return root;
}

/** Assigning to `__proto__` would set the prototype instead. */
export function put<T>(owner: { [key: string]: T }, key: string, value: T): void {
  if (key !== '__proto__') owner[key] = value;
  else Object.defineProperty(owner, key, { value, writable: true, enumerable: true, configurable: true });
}

/** A write that keeps what is below its path keeps the clocks there too: they are what a merge of the parts goes by. */
interface Mark {
  readonly version: number;
  readonly keepsBelow: boolean;
}

function touch(tree: ClockTree, path: readonly string[], { version, keepsBelow }: Mark, copies: Copies): ClockTree {
  const root = copies.of(tree) as { [key: string]: Clocks };
  let owner = root;
  const last = path.length - 1;
  for (let depth = 0; depth < last; depth += 1) {
    const key = path[depth]!;
    const node = Object.hasOwn(owner, key) ? owner[key]! : {};
    const below = childrenOf(node);
    const next = copies.of(below) as { [key: string]: Clocks };
    if (next !== below || typeof node === 'number') put(owner, key, typeof node === 'number' || isPair(node) ? [clockOf(node)!, next] : next);
    owner = next;
  }
  const key = path[last]!;
  const below = keepsBelow && Object.hasOwn(owner, key) ? childrenOf(owner[key]!) : undefined;
  put(owner, key, below && Object.keys(below).length > 0 ? [version, below] : version);
  return root;
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
  const copies = new Copies();
  for (const op of ops) {
    if (op[0] === 'del') return {};
    const path = fromPointer(op[1]);
    if (path.length === 0 || (op[0] === 'obj' && isJsonObject(valueAt(patch, path)))) continue;
    patch = write(patch, path, resolvedValue(op), copies);
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
