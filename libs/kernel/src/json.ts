/** A JSON value as RFC 8259 has it, after parsing. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** True for a JSON object: neither null, array nor scalar. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A path of keys as a JSON Pointer (RFC 6901). */
export function toPointer(path: readonly string[]): string {
  let pointer = '';
  for (const key of path) pointer += '/' + (/[~/]/.test(key) ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key);
  return pointer;
}

/** The keys of a JSON Pointer (RFC 6901); the empty pointer has none. */
export function fromPointer(pointer: string): string[] {
  if (pointer === '') return [];
  const keys = pointer.slice(1).split('/');
  return pointer.includes('~') ? keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~')) : keys;
}

/** The value at a path of own keys, or `undefined` where the path leaves the objects. */
export function valueAt(root: Json, path: readonly string[]): Json | undefined {
  let value: Json | undefined = root;
  for (const key of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
