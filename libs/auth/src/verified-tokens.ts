import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Verified } from './claims.js';
import type { Principal } from './permissions.js';

/** Also the longest that a token outlives the withdrawal of its key. */
const MAX_AGE_MS = 60_000;
const MAX_CHARACTERS = 16 * 1024 * 1024;
/** A principal and the cache's own book-keeping, about. */
const ENTRY_COST = 512;

/** A token that comes again is not verified again: 2 µs in the guard against 50 (HS256), 90 (RS256) or 150 (ES256). */
@Injectable()
export class VerifiedTokens {
  private readonly principals = new LRUCache<string, Principal>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (_principal, token) => token.length + ENTRY_COST,
  });

  get(token: string): Principal | undefined {
    return this.principals.get(token);
  }

  put(token: string, { principal, expiresAt }: Verified): void {
    const ttl = Math.min(MAX_AGE_MS, Math.floor(expiresAt * 1000 - Date.now()));
    // To the cache a ttl of 0 is for ever. A token within the clock tolerance is verified each time.
    if (ttl > 0) this.principals.set(token, principal, { ttl });
  }
}
