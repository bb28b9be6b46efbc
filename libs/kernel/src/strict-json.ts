import { isUtf8 } from 'node:buffer';
import { type ErrorWord, ServiceError } from './errors.js';
import { toPointer } from './json.js';

/** How large a JSON body may be. A value that stands in nothing has depth 0, `[]` has depth 1, `[[]]` depth 2. */
export interface JsonLimits {
  /** Bytes of the whole body. */
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** Object keys, all depths together. */
  readonly maxKeys: number;
  /**
   * For a batch: every value that stands in exactly `depth` containers is an item, of at most `maxBytes` bytes with the
   * white space around it. `maxDepth` and `maxKeys` then hold for each item alone, counted from it; keys outside the
   * items have a count of their own. More than `maxCount` items are refused while they are counted: 8 MiB of tiny ones would
   * hold the event loop for 0.4 s.
   */
  readonly items?: { readonly depth: number; readonly maxBytes: number; readonly maxCount?: number };
}

/** The limits of an ordinary request body. */
export const JSON_LIMITS: JsonLimits = { maxBytes: 256 * 1024, maxDepth: 32, maxKeys: 10_000 };

/** The limits of a batch `{"<name>": [item, item, ...]}`: 8 MiB in all, each item within `JSON_LIMITS`. */
export const BATCH_JSON_LIMITS: JsonLimits = {
  ...JSON_LIMITS,
  maxBytes: 8 * 1024 * 1024,
  items: { depth: 2, maxBytes: JSON_LIMITS.maxBytes },
};

const REFUSALS = {
  body_too_large: ['PAYLOAD_TOO_LARGE', 'The body has too many bytes'],
  item_too_large: ['PAYLOAD_TOO_LARGE', 'An item of the batch has too many bytes'],
  invalid_utf8: ['MALFORMED_JSON', 'The body is not valid UTF-8'],
  byte_order_mark: ['MALFORMED_JSON', 'The body starts with a byte order mark'],
  syntax: ['MALFORMED_JSON', 'The body is not valid JSON'],
  too_deep: ['VALIDATION_ERROR', 'The body is nested too deeply'],
  too_many_items: ['VALIDATION_ERROR', 'The batch has too many items'],
  too_many_keys: ['VALIDATION_ERROR', 'The body has too many keys'],
  duplicate_key: ['VALIDATION_ERROR', 'A key occurs twice in one object'],
  forbidden_key: ['VALIDATION_ERROR', 'Keys named __proto__, constructor or prototype are not allowed'],
  nul_character: ['VALIDATION_ERROR', 'A string or key has a NUL character'],
  lone_surrogate: ['VALIDATION_ERROR', 'A string or key has half of a surrogate pair'],
  unsafe_number: ['VALIDATION_ERROR', 'A number is beyond ±9007199254740991'],
} as const satisfies Record<string, readonly [ErrorWord, string]>;

/** Why a body was refused: `details.reason` of the error. */
export type JsonRefusal = keyof typeof REFUSALS;

function refusal(reason: JsonRefusal, place: { path?: string; offset?: number; limit?: number } = {}): ServiceError {
  const [word, message] = REFUSALS[reason];
  const limit = place.limit === undefined ? '' : ` (at most ${place.limit})`;
  return new ServiceError(word, message + limit, { reason, ...place });
}

/**
 * Parses a request body (RFC 8259) and refuses what could not be kept as it was sent: all that two parsers may read
 * differently, or that JavaScript or PostgreSQL would change in silence. Time and memory are linear in the length of
 * the body. A body with several faults is refused for one of them.
 * @throws {ServiceError} `PAYLOAD_TOO_LARGE` for too many bytes; `MALFORMED_JSON` for invalid UTF-8, a byte order mark
 *   and bad syntax; `VALIDATION_ERROR` for depth, key count, keys that are equal once unescaped, keys `__proto__`,
 *   `constructor` and `prototype`, NUL, lone surrogates, and numbers that as doubles are beyond ±(2^53 - 1), however
 *   written. `details` has `reason` (a `JsonRefusal`) and, where they are known, `path` (RFC 6901, cut at 256
 *   characters), `offset` (UTF-16 units from the start of the text) and `limit`.
 */
export function parseStrictJson(body: Buffer, limits: JsonLimits = JSON_LIMITS): unknown {
  if (body.length > limits.maxBytes) throw refusal('body_too_large', { limit: limits.maxBytes });
  if (!isUtf8(body)) throw refusal('invalid_utf8');
  const text = body.toString('utf8');
  if (text.startsWith('\ufeff')) throw refusal('byte_order_mark', { offset: 0 });
  // Before JSON.parse: that builds 256 KiB of brackets in 13 ms, the scan stops at the 33rd (0.2 ms).
  new Scan(text, limits).run();
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 names the position in a message that may also quote the body: only the number leaves.
    const found = error instanceof SyntaxError ? /^[^"]* JSON at position (\d+)/.exec(error.message) : null;
    throw refusal('syntax', found ? { offset: Number(found[1]) } : {});
  }
}

const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const UPPER_E = 0x45;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const LOWER_E = 0x65;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const SHORTEST_FORBIDDEN = '__proto__'.length;
const LONE_SURROGATE = /\p{Surrogate}/u;
const MAX_PATH = 256;

/** An open container: where in it the scan stands, and the keys met so far if it is an object. */
interface Frame { at: number | string; readonly keys: KeySet | undefined }

/** The keys of one object. Most have few, and then looking along an array is quicker (10% of a whole parse). */
class KeySet {
  private readonly few: string[] = [];
  private many: Set<string> | undefined;

  /** False if the key was there. */
  add(key: string): boolean {
    if (this.many !== undefined) return this.many.size < this.many.add(key).size;
    if (this.few.includes(key)) return false;
    if (this.few.push(key) === 8) this.many = new Set(this.few);
    return true;
  }
}

/**
 * One walk over a text that refuses what JSON allows and we do not. The text need not be JSON: whatever the scan makes
 * of bad syntax, JSON.parse has the last word. Nothing reads past the end: V8 throws its compiled loop away for that.
 */
class Scan {
  private readonly frames: Frame[] = [];
  private readonly itemDepth: number;
  private itemStart = 0;
  private itemKeys = 0;
  private outerKeys = 0;
  private items = 0;

  constructor(private readonly text: string, private readonly limits: JsonLimits) {
    this.itemDepth = limits.items?.depth ?? 0;
  }

  run(): void {
    const { text } = this;
    for (let i = 0; i < text.length;) {
      const unit = text.charCodeAt(i);
      if (unit === QUOTE) i = this.string(i);
      else if ((unit >= ZERO && unit <= NINE) || unit === MINUS) i = this.number(i);
      else {
        if (unit === COMMA) this.next(i);
        else if (unit === OPEN_OBJECT) this.open(i, { at: '', keys: new KeySet() });
        else if (unit === OPEN_ARRAY) this.open(i, { at: 0, keys: undefined });
        else if (unit === CLOSE_OBJECT || unit === CLOSE_ARRAY) this.close(i);
        i += 1;
      }
    }
  }

  private open(offset: number, frame: Frame): void {
    const { frames, itemDepth, limits } = this;
    if (frames.length - itemDepth >= limits.maxDepth) throw this.refusalAt('too_deep', offset, limits.maxDepth);
    if (frames.push(frame) === itemDepth) this.itemStart = offset + 1;
  }

  private close(offset: number): void {
    if (this.frames.length === this.itemDepth) this.endItem(offset);
    this.frames.pop();
  }

  private next(offset: number): void {
    if (this.frames.length === this.itemDepth) this.endItem(offset);
    const top = this.frames.at(-1);
    if (typeof top?.at === 'number') top.at += 1;
  }

  private endItem(offset: number): void {
    const { itemStart, limits, text } = this;
    const { maxBytes = Infinity, maxCount = Infinity } = limits.items ?? {};
    if ((this.items += 1) > maxCount) throw this.refusalAt('too_many_items', itemStart, maxCount);
    // A UTF-16 unit takes at most three bytes: only long items need to be measured.
    if ((offset - itemStart) * 3 > maxBytes && Buffer.byteLength(text.slice(itemStart, offset)) > maxBytes) {
      throw this.refusalAt('item_too_large', itemStart, maxBytes);
    }
    this.itemStart = offset + 1;
    this.itemKeys = 0;
  }

  /** Passes a string, which is a key if a colon follows, and returns where to go on. */
  private string(start: number): number {
    const { text } = this;
    let i = start + 1;
    let escaped = false;
    let unit = 0;
    while (i < text.length && (unit = text.charCodeAt(i)) !== QUOTE) {
      if (unit === BACKSLASH) escaped = true;
      i += unit === BACKSLASH ? 2 : 1;
    }
    const end = i;
    i += 1;
    while (i < text.length && (unit = text.charCodeAt(i)) <= SPACE) i += 1;
    const isKey = unit === COLON;
    if (!isKey && !escaped) return i;
    const raw = text.slice(start + 1, end);
    const value = escaped ? this.unescaped(raw, start, isKey) : raw;
    if (isKey) this.key(value, start);
    return i;
  }

  private unescaped(raw: string, offset: number, isKey: boolean): string {
    // NUL and lone surrogates cannot come any other way: raw ones are bad syntax and bad UTF-8.
    if (!isKey && !raw.includes('\\u')) return raw;
    let value: string;
    try {
      value = String(JSON.parse(`"${raw}"`));
    } catch {
      return raw; // JSON.parse will say better what is wrong.
    }
    const fault = value.includes('\0') ? 'nul_character' : LONE_SURROGATE.test(value) ? 'lone_surrogate' : undefined;
    if (fault === undefined) return value;
    // Such a key is not repeated in a path, its object is named.
    if (isKey) this.frames.pop();
    throw this.refusalAt(fault, offset);
  }

  private key(key: string, offset: number): void {
    const { frames, itemDepth, limits } = this;
    const top = frames.at(-1);
    if (top?.keys === undefined) return;
    top.at = key;
    const count = frames.length > itemDepth ? (this.itemKeys += 1) : (this.outerKeys += 1);
    if (count > limits.maxKeys) throw this.refusalAt('too_many_keys', offset, limits.maxKeys);
    if (key.length >= SHORTEST_FORBIDDEN && FORBIDDEN_KEYS.has(key)) throw this.refusalAt('forbidden_key', offset);
    if (!top.keys.add(key)) throw this.refusalAt('duplicate_key', offset);
  }

  /**
   * Passes a number. Rounding to a double keeps order, so an integer is beyond ±(2^53 - 1) exactly if its double is.
   * Up to 15 characters without an exponent cannot get there.
   */
  private number(start: number): number {
    const { text } = this;
    let i = start;
    let exponent = false;
    for (let unit = 0; i < text.length && isNumeric(unit = text.charCodeAt(i)); i += 1) exponent ||= unit > NINE;
    if (!exponent && i - start <= 15) return i;
    if (Math.abs(Number(text.slice(start, i))) > Number.MAX_SAFE_INTEGER) throw this.refusalAt('unsafe_number', start);
    return i;
  }

  private refusalAt(reason: JsonRefusal, offset: number, limit?: number): ServiceError {
    const path = toPointer(this.frames.map((frame) => String(frame.at)));
    // Cut because a key can be as long as a body, and not through a pair.
    const cut = path.length > MAX_PATH ? path.slice(0, MAX_PATH).replace(LONE_SURROGATE, '') : path;
    return refusal(reason, { path: cut, offset, ...(limit === undefined ? {} : { limit }) });
  }
}

function isNumeric(unit: number): boolean {
  return (unit >= PLUS && unit <= NINE && unit !== COMMA) || unit === LOWER_E || unit === UPPER_E;
}
