import { fromPointer, isJsonObject, type Json, type JsonObject, valueAt } from './json.js';
import { type Clocks, type FoldState, type Op, put, sumOf } from './ops.js';

const MAX_PATHS = 1000;

/**
 * Folds many events into a state of its own, which it changes in place: what `fold` yields, without the copy of the path that
 * each op costs there. For a replay, whose states in between nobody keeps.
 */
export class Replay {
  private data: JsonObject;
  private clocks: Tree;
  private generation: number;
  private deleted: boolean;
  /** The ops of a stream name the same few paths again and again. */
  private readonly paths = new Map<string, readonly string[]>();

  /** @param from is copied and stays as it is */
  constructor(from: FoldState) {
    this.data = copyOf(from.data) as JsonObject;
    this.clocks = copyOf(from.clocks as Json) as Tree;
    this.generation = from.generation;
    this.deleted = from.deleted;
  }

  /** See `fold`. The ops stay as they are. */
  apply(ops: readonly Op[], version: number): void {
    this.deleted = false;
    for (const op of ops) {
      if (op[0] === 'del') {
        this.data = {};
        this.clocks = {};
        this.generation += 1;
        this.deleted = true;
        continue;
      }
      const path = this.pathOf(op[1]);
      if (path.length === 0) continue;
      const keepsBelow = op[0] === 'obj' && isJsonObject(valueAt(this.data, path));
      if (!keepsBelow) this.applyToData(op, path);
      this.touch(path, version, keepsBelow);
      this.deleted = false;
    }
  }

  private pathOf(pointer: string): readonly string[] {
    let path = this.paths.get(pointer);
    if (path === undefined) {
      if (this.paths.size >= MAX_PATHS) this.paths.clear();
      this.paths.set(pointer, (path = fromPointer(pointer)));
    }
    return path;
  }

  private applyToData(op: Exclude<Op, readonly ['del']>, path: readonly string[]): void {
    if (op[0] === 'set') write(this.data, path, copyOf(op[3]));
    else if (op[0] === 'inc') write(this.data, path, sumOf(valueAt(this.data, path), op[3]));
    else if (op[0] === 'obj') write(this.data, path, {});
    else erase(this.data, path);
  }

  private touch(path: readonly string[], version: number, keepsBelow: boolean): void {
    let tree = this.clocks;
    const last = path.length - 1;
    for (let depth = 0; depth < last; depth += 1) {
      const key = path[depth]!;
      const node = Object.hasOwn(tree, key) ? tree[key]! : undefined;
      const below = childrenOf(node);
      if (node === undefined) put(tree, key, below);
      else if (typeof node === 'number') put(tree, key, [node, below]);
      tree = below;
    }
    const key = path[last]!;
    const below = keepsBelow && Object.hasOwn(tree, key) ? childrenOf(tree[key]) : undefined;
    put(tree, key, below && Object.keys(below).length > 0 ? [version, below] : version);
  }

  /** The state as it is now. Ends the replay: what is applied after this would change the state that was given out. */
  end(): FoldState {
    return { data: this.data, clocks: this.clocks, generation: this.generation, deleted: this.deleted };
  }
}

/** `ClockTree`, to be changed. */
type Tree = { [key: string]: Clocks };

function childrenOf(node: Clocks | undefined): Tree {
  if (node === undefined || typeof node === 'number') return {};
  return (Array.isArray(node) ? node[1] : node) as Tree;
}

function write(data: JsonObject, path: readonly string[], value: Json): void {
  let owner = data;
  const last = path.length - 1;
  for (let depth = 0; depth < last; depth += 1) {
    const key = path[depth]!;
    let child = Object.hasOwn(owner, key) ? owner[key] : undefined;
    if (!isJsonObject(child)) put(owner, key, (child = {}));
    owner = child;
  }
  put(owner, path[last]!, value);
}

function erase(data: JsonObject, path: readonly string[]): void {
  const owner = path.length === 1 ? data : valueAt(data, path.slice(0, -1));
  if (isJsonObject(owner)) delete owner[path.at(-1)!];
}

function copyOf(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) put(copy, key, copyOf(value[key]!));
  return copy;
}
