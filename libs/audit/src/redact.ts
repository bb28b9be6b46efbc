import { createHash } from 'node:crypto';
import { type Json, type JsonObject } from '@app/kernel';
import { excerpt } from '@app/observability';

const SECRET = /token|secret|password|authorization|ticket|key/i;
const REDACTED = '[redacted]';
const CUT = '…';
const MAX_TEXT = 200;
const MAX_ITEMS = 20;
const MAX_KEYS = 50;
const MAX_DEPTH = 8;
/** Of what is kept of one request's parameters, as JSON in UTF-8. */
const MAX_BYTES = 4096;
/** Four bytes each at most, beside the rest. */
const MAX_EXCERPT = 900;

/**
 * What may be kept of a request or an event: values under a key that sounds like a secret are gone at every depth, texts are
 * printable and short, and all of it has 4 KiB of JSON at most.
 */
export function redact(value: JsonObject): JsonObject {
  const redacted = redactAt(value, 0) as JsonObject;
  const text = JSON.stringify(redacted);
  const bytes = Buffer.byteLength(text);
  return bytes <= MAX_BYTES ? redacted : { truncated: true, bytes, excerpt: excerpt(text, MAX_EXCERPT) };
}

/** A text of somebody else as it may be stored and shown. */
export function shorten(text: string, limit = MAX_TEXT): string {
  return excerpt(text, limit);
}

/** Tells one secret from another, and nothing else of it. */
export function fingerprint(secret: string): string {
  return `sha256:${createHash('sha256').update(secret).digest('hex').slice(0, 12)}`;
}

function redactAt(value: unknown, depth: number): Json {
  if (typeof value === 'string') return shorten(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object' || depth > MAX_DEPTH) return CUT;
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ITEMS).map((item) => redactAt(item, depth + 1));
    return value.length > MAX_ITEMS ? [...items, `${CUT} ${value.length - MAX_ITEMS} more`] : items;
  }
  const entries = Object.entries(value);
  const kept: [string, Json][] = entries.slice(0, MAX_KEYS)
    .map(([key, held]) => [shorten(key), SECRET.test(key) ? REDACTED : redactAt(held, depth + 1)]);
  if (entries.length > MAX_KEYS) kept.push([CUT, `${entries.length - MAX_KEYS} more`]);
  return Object.fromEntries(kept);
}
