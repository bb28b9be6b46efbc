import { fromPointer, isJsonObject, type Json, type JsonObject, toPointer, valueAt } from '../json.js';
import type { Op } from '../ops.js';

/** Things that belong to paths, found in as many steps as a path has keys. */
export interface PathTree<T> {
  readonly things: T[];
  readonly children: Map<string, PathTree<T>>;
}

/** A path that ops wrote, and what belongs to it. */
export interface Touch<T> {
  readonly path: readonly string[];
  readonly pointer: string;
  readonly things: ReadonlySet<T>;
}

/** @param pathOf with `/` between keys and `*` for any one key */
export function pathTree<T>(things: readonly T[], pathOf: (thing: T) => string): PathTree<T> {
  const root: PathTree<T> = { things: [], children: new Map() };
  for (const thing of things) {
    let node = root;
    for (const key of pathOf(thing).split('/')) {
      const child: PathTree<T> = node.children.get(key) ?? { things: [], children: new Map() };
      node.children.set(key, child);
      node = child;
    }
    node.things.push(thing);
  }
  return root;
}

/** Whether a path of a rule is that of these keys. */
export function leadsTo(path: string, keys: readonly string[]): boolean {
  const own = path.split('/');
  return own.length === keys.length && own.every((key, i) => key === '*' || key === keys[i]);
}

const NONE: readonly never[] = [];

/**
 * The paths with things that ops may have changed: those that they write, those above, and those below that were there. The
 * deletion of the whole aggregate touches none.
 */
export function touchedBy<T>(tree: PathTree<T>, ops: readonly Op[], before: JsonObject): readonly Touch<T>[] {
  let found: Map<string, { path: readonly string[]; pointer: string; things: Set<T> }> | undefined;
  const add = (path: readonly string[], things: readonly T[]): void => {
    const pointer = toPointer(path);
    found ??= new Map();
    const known = found.get(pointer);
    if (known) for (const thing of things) known.things.add(thing);
    else found.set(pointer, { path, pointer, things: new Set(things) });
  };
  for (const op of ops) {
    if (op[0] === 'del' || !begins(tree, op[1])) continue;
    const path = fromPointer(op[1]);
    along(tree, path, 0, { before, add });
  }
  return found ? [...found.values()] : NONE;
}

/** Whether any path of the tree begins as this pointer does: most events end here. */
function begins<T>({ children }: PathTree<T>, pointer: string): boolean {
  if (children.has('*')) return true;
  const end = pointer.indexOf('/', 1);
  const key = pointer.slice(1, end < 0 ? undefined : end);
  return children.has(key.includes('~') ? fromPointer(`/${key}`)[0]! : key);
}

interface Walk<T> {
  readonly before: JsonObject;
  readonly add: (path: readonly string[], things: readonly T[]) => void;
}

function along<T>(node: PathTree<T>, path: readonly string[], depth: number, walk: Walk<T>): void {
  if (node.things.length > 0) walk.add(path.slice(0, depth), node.things);
  if (depth === path.length) {
    if (node.children.size > 0) below(node, path, valueAt(walk.before, path), walk);
    return;
  }
  for (const child of childrenAt(node, path[depth]!)) along(child, path, depth + 1, walk);
}

function below<T>(node: PathTree<T>, path: readonly string[], value: Json | undefined, walk: Walk<T>): void {
  if (!isJsonObject(value)) return;
  for (const key of Object.keys(value)) {
    for (const child of childrenAt(node, key)) {
      const at = [...path, key];
      if (child.things.length > 0) walk.add(at, child.things);
      if (child.children.size > 0) below(child, at, value[key], walk);
    }
  }
}

function childrenAt<T>({ children }: PathTree<T>, key: string): PathTree<T>[] {
  const exact = children.get(key);
  const any = key === '*' ? undefined : children.get('*');
  if (!exact) return any ? [any] : [];
  return any ? [exact, any] : [exact];
}
