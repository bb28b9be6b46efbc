import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';

/**
 * The one text of a JSON value by RFC 8785: no white space, keys in the order of their UTF-16 units, numbers and
 * strings as ECMAScript writes them. Values that are equal as JSON have equal texts.
 * @throws {Error} for what JSON cannot hold, anywhere in the value: undefined, functions, symbols, bigints, NaN,
 *   Infinity, lone surrogates, holes in arrays, cycles, and objects other than plain ones (a Date, a Map)
 */
export function canonicalJson(value: unknown): string {
  const text = isJsonShaped(value) ? canonicalize(value) : undefined;
  if (text === undefined) throw new TypeError('JSON cannot hold this value');
  return text;
}

/** SHA-256 (FIPS 180-4) of a text's UTF-8 bytes, 64 hex digits in lower case. */
export function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex');
}

/**
 * Canonicalize refuses numbers and strings that JSON cannot hold. Of other types it leaves members out, writes holes as
 * nothing and asks `toJSON`: hence this walk, 5 to 10% of the time.
 */
function isJsonShaped(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'number') return true;
  if (typeof value !== 'object') return typeof value === 'boolean';
  const isArray = Array.isArray(value);
  if (!isArray && !isPlain(value)) return false;
  // A loop, because every() would skip the holes of an array.
  for (const part of isArray ? value : Object.values(value)) if (!isJsonShaped(part)) return false;
  return true;
}

/** True also for a plain object of another realm, so not by comparing with our own Object.prototype. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
