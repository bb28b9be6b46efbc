import { isJsonObject, type JsonObject } from './json.js';

/**
 * `changes` applied to `data` as the service does it: a merge patch (RFC 7396) in which `{"$inc": n}` adds. Copies only what it
 * changes. An increment of what is no number is left out: the service refuses the whole write, so there is no right value.
 */
export function applyChanges<Data extends object>(data: Data, changes: object): Data {
  return merge(data as JsonObject, changes as JsonObject) as Data;
}

function merge(target: unknown, patch: JsonObject): JsonObject {
  // Entries, not assignment: a key named __proto__ stays a key.
  const result = new Map(isJsonObject(target) ? Object.entries(target) : []);
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) result.delete(key);
    else result.set(key, changed(result.get(key), change));
  }
  return Object.fromEntries(result);
}

function changed(value: unknown, change: unknown): unknown {
  const increment = incrementOf(change);
  if (increment !== undefined) return incremented(value, increment);
  return isJsonObject(change) ? merge(value, change) : change;
}

function incremented(value: unknown, by: number): unknown {
  if (value === undefined) return by;
  return typeof value === 'number' ? value + by : value;
}

function incrementOf(change: unknown): number | undefined {
  if (!isJsonObject(change) || Object.keys(change).length !== 1) return undefined;
  const by = change['$inc'];
  return typeof by === 'number' ? by : undefined;
}
