import { canonicalJson } from './canonical-json.js';
import { isJsonObject, type Json, type JsonObject, toPointer } from './json.js';

/** One path that differs. `old` is absent where nothing was there, `new` where nothing is. Paths are JSON Pointers (RFC 6901). */
export interface Difference {
  readonly path: string;
  readonly old?: Json;
  readonly new?: Json;
}

/** One operation of a JSON Patch (RFC 6902). */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string };

/** Where two states differ, in the order of keys. Objects are compared key by key; arrays are values, as in a merge patch. */
export function differences(before: JsonObject, after: JsonObject): Difference[] {
  const found: Difference[] = [];
  compare(before, after, [], found);
  return found;
}

/** What makes one state the other. */
export function toJsonPatch(found: readonly Difference[]): PatchOperation[] {
  return found.map((difference) => {
    const { path, new: value } = difference;
    if (value === undefined) return { op: 'remove', path };
    return { op: difference.old === undefined ? 'add' : 'replace', path, value };
  });
}

function compare(before: JsonObject, after: JsonObject, path: readonly string[], found: Difference[]): void {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const key of [...keys].sort((a, b) => (a < b ? -1 : 1))) {
    const [old, now] = [own(before, key), own(after, key)];
    if (isJsonObject(old) && isJsonObject(now)) compare(old, now, [...path, key], found);
    else if (old === undefined) found.push({ path: toPointer([...path, key]), new: now! });
    else if (now === undefined) found.push({ path: toPointer([...path, key]), old });
    else if (canonicalJson(old) !== canonicalJson(now)) found.push({ path: toPointer([...path, key]), old, new: now });
  }
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
