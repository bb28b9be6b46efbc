import { isUtf8 } from 'node:buffer';
import { ServiceError, type ErrorWord } from './errors.js';
import { toPointer } from './json.js';

/** How large a JSON body may be. A value nested in nothing has depth 0, `[]` has depth 1, `[[]]` depth 2. */
export interface JsonLimits {
  /** Bytes of the whole body. */
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** Object keys, all depths together. */
  readonly maxKeys: number;
  /**
   * For a batch: every value that stands inside `depth` containers is an item, of at most `maxBytes` bytes with the white
   * space around it. `maxDepth` and `maxKeys` then hold for each item alone, counted from it; the keys around the items
   * have a count of their own.
   */
  readonly items?: { readonly depth: number; readonly maxBytes: number };
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
  too_many_keys: ['VALIDATION_ERROR', 'The body has too many keys'],
  duplicate_key: ['VALIDATION_ERROR', 'A key occurs twice in one object'],
  forbidden_key: ['VALIDATION_ERROR', 'Keys named __proto__, constructor or prototype are not allowed'],
  nul_character: ['VALIDATION_ERROR', 'A string or key has a NUL character'],
  lone_surrogate: ['VALIDATION_ERROR', 'A string or key has half of a surrogate pair'],
  unsafe_number: ['VALIDATION_ERROR', 'A number is beyond ±9007199254740991'],
} as const satisfies Record<string, readonly [ErrorWord, string]>;

/** Why a body was refused: `details.reason` of the error. */
export type JsonRefusal = keyof typeof REFUSALS;

interface Place {
  readonly path?: string;
  readonly offset?: number;
  readonly limit?: number;
}

function refusal(reason: JsonRefusal, place: Place = {}): ServiceError {
  const [word, message] = REFUSALS[reason];
  const limit = place.limit === undefined ? '' : ` (at most ${place.limit})`;
  return new ServiceError(word, message + limit, { reason, ...place });
}

/**
 * Parses a request body (RFC 8259) and refuses what this service could not keep as it was sent: everything that two
 * parsers may read differently, or that JavaScript or PostgreSQL would change in silence. Linear in the length of the body.
 * @throws {ServiceError} `PAYLOAD_TOO_LARGE` for too many bytes; `MALFORMED_JSON` for invalid UTF-8, a byte order mark and
 *   bad syntax; `VALIDATION_ERROR` for all else: duplicate keys (compared unescaped), `__proto__`, `constructor` and
 *   `prototype` as keys, NUL and lone surrogates, numbers beyond ±(2^53 - 1) in any notation, depth and key count.
 *   `details` has `reason` (a `JsonRefusal`), `path` (RFC 6901), `offset` (UTF-16 units into the text), `limit`.
 */
export function parseStrictJson(body: Buffer, limits: JsonLimits = JSON_LIMITS): unknown {
  if (body.length > limits.maxBytes) throw refusal('body_too_large', { limit: limits.maxBytes });
  if (!isUtf8(body)) throw refusal('invalid_utf8');
  const text = body.toString('utf8');
  const value = parse(text);
  new Scan(text, limits).run();
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (text.startsWith('\ufeff')) throw refusal('byte_order_mark', { offset: 0 });
    throw refusal('syntax', syntaxOffset(error));
  }
}

/** V8 says where, but in a message that can quote the body: only the number leaves. */
function syntaxOffset(error: unknown): Place {
  const found = error instanceof SyntaxError ? /JSON at position (\d+)(?: \(|$)/.exec(error.message) : null;
  return found ? { offset: Number(found[1]) } : {};
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const LONE_SURROGATE = /\p{Surrogate}/u;

interface Frame { keys: Set<string> | undefined; at: string | number }

class Scan {
  private readonly frames: Frame[] = [];
  private top: Frame | undefined;
  private readonly itemDepth: number;
  private itemStart = 0;
  private itemKeys = 0;
  private outerKeys = 0;

  constructor(private readonly text: string, private readonly limits: JsonLimits) {
    this.itemDepth = limits.items?.depth ?? 0;
  }

  run(): void {
    const { text } = this;
    const end = text.length;
    let i = 0;
    while (i < end) {
      const c = text.charCodeAt(i);
      if (c === QUOTE) i = this.string(i);
      else if ((c >= ZERO && c <= NINE) || c === MINUS) i = this.number(i);
      else {
        if (c === OPEN_OBJECT) this.open(i, new Set());
        else if (c === OPEN_ARRAY) this.open(i, undefined);
        else if (c === CLOSE_OBJECT || c === CLOSE_ARRAY) this.close(i);
        else if (c === COMMA) this.next(i);
        i += 1;
      }
    }
  }

  private open(i: number, keys: Set<string> | undefined) {
    if (this.frames.length - this.itemDepth >= this.limits.maxDepth) throw refusal('too_deep', { offset: i, path: this.path(), limit: this.limits.maxDepth });
    this.top = { keys, at: 0 };
    this.frames.push(this.top);
    if (this.frames.length === this.itemDepth) this.startItem(i + 1);
  }
  private close(i: number) {
    if (this.frames.length === this.itemDepth) this.endItem(i);
    this.frames.pop();
    this.top = this.frames[this.frames.length - 1];
  }
  private next(i: number) {
    if (this.frames.length === this.itemDepth) { this.endItem(i); this.startItem(i + 1); }
    const top = this.top!;
    if (typeof top.at === 'number') top.at += 1;
  }
  private startItem(i: number) { this.itemStart = i; this.itemKeys = 0; }
  private endItem(i: number) {
    const max = this.limits.items?.maxBytes;
    if (max !== undefined && (i - this.itemStart) * 3 > max && Buffer.byteLength(this.text.slice(this.itemStart, i)) > max) throw refusal('item_too_large', { path: this.path(), limit: max});
  }

  private string(start: number): number {
    const { text } = this;
    let i = start + 1;
    let escaped = false;
    for (let c = text.charCodeAt(i); c !== QUOTE; c = text.charCodeAt(i)) {
      if (c === BACKSLASH) { escaped = true; i += 2; } else i += 1;
    }
    const end = i + 1;
    i = end;
    while (text.charCodeAt(i) <= SPACE) i += 1;
    const isKey = text.charCodeAt(i) === COLON;
    if (!isKey && !escaped) return i;
    const value = escaped ? JSON.parse(text.slice(start, end)) as string : text.slice(start + 1, end - 1);
    if (escaped) {
      if (value.includes('\0')) throw refusal('nul_character', { path: this.path(), offset: start });
      if (LONE_SURROGATE.test(value)) throw refusal('lone_surrogate', { path: this.path(), offset: start });
    }
    if (isKey) this.key(value, start);
    return i;
  }
  private key(key: string, offset: number) {
    const top = this.top!;
    const keys = top.keys!;
    top.at = key;
    const count = this.frames.length > this.itemDepth ? ++this.itemKeys : ++this.outerKeys;
    if (count > this.limits.maxKeys) throw refusal('too_many_keys', { path: this.path(), offset, limit: this.limits.maxKeys });
    if (FORBIDDEN_KEYS.has(key)) throw refusal('forbidden_key', { path: this.path(), offset });
    if (keys.has(key)) throw refusal('duplicate_key', { path: this.path(), offset });
    keys.add(key);
  }
  private number(start: number): number {
    const { text } = this;
    let i = start + 1;
    let exp = false;
    for (;;) {
      const c = text.charCodeAt(i);
      if (c >= ZERO && c <= NINE || c === 0x2e) i += 1;
      else if (c === 0x65 || c === 0x45 || c === 0x2b || c === MINUS) { exp = true; i += 1; }
      else break;
    }
    if ((exp || i - start > 15) && Math.abs(Number(text.slice(start, i))) > Number.MAX_SAFE_INTEGER) throw refusal('unsafe_number', { path: this.path(), offset: start });
    return i;
  }
  private path(): string { return toPointer(this.frames.map((f) => String(f.at))); }
}
