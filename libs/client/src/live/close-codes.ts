import { type BackoffRange, fullJitter } from '../backoff.js';
import { isJsonObject } from '../json.js';
import type { Closed } from './socket.js';

/** What follows from the way a connection ended. */
export type Reaction =
  | { readonly kind: 'reconnect'; readonly waitMs: number; readonly renewToken?: boolean }
  | { readonly kind: 'fail'; readonly error: string };

/** The least wait after the service said that there are too many connections or messages. */
const TOO_MANY_MS = 1000;

/** @param attempt how many connections in a row have ended without having been of use */
export function reactionTo({ code, reason }: Closed, attempt: number, range: BackoffRange): Reaction {
  const backoff = fullJitter(attempt, range);
  switch (code) {
    case 1012: // restarts: the service spreads the return of its clients itself
      return { kind: 'reconnect', waitMs: retryAfterOf(reason) ?? backoff };
    case 4401:
      return { kind: 'reconnect', waitMs: attempt === 0 ? 0 : backoff, renewToken: true };
    case 4403:
      return { kind: 'fail', error: 'FORBIDDEN' };
    case 4429:
      return { kind: 'reconnect', waitMs: TOO_MANY_MS + backoff };
    default: // among them 4408, too slow
      return { kind: 'reconnect', waitMs: backoff };
  }
}

function retryAfterOf(reason: string): number | undefined {
  try {
    const hint: unknown = JSON.parse(reason);
    const ms = isJsonObject(hint) ? hint['retryAfterMs'] : undefined;
    return typeof ms === 'number' && ms >= 0 ? ms : undefined;
  } catch {
    return undefined; // a reason for people: the usual backoff does
  }
}
