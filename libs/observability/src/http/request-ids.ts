import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const SANE_ID = /^[\x21-\x7e]{1,128}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The client's `x-request-id` if it is 1 to 128 visible ASCII characters, else a new UUID. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE_ID.test(given) ? given : randomUUID();
}

/** The client's `x-correlation-id` in lower case if it is a UUID (any version). */
export function correlationIdOf(request: IncomingMessage): string | undefined {
  const given = request.headers['x-correlation-id'];
  return typeof given === 'string' && UUID.test(given) ? given.toLowerCase() : undefined;
}
