import { Injectable } from '@nestjs/common';
import type { Strategy } from 'passport-jwt';
import { bearerToken, refuseHeader, revokedToken } from './bearer.js';
import type { Verified } from './claims.js';
import type { Principal } from './permissions.js';
import { refuseToken } from './refuse-token.js';
import { RevokedTokens } from './revocation/revoked-tokens.js';
import { TokenStrategy } from './token.strategy.js';
import { VerifiedTokens } from './verified-tokens.js';

/** Verifies tokens where there is no route and so no guard: by the same strategy, keys and revocations. */
@Injectable()
export class TokenVerifier {
  constructor(
    private readonly verified: VerifiedTokens, private readonly revoked: RevokedTokens, private readonly strategy: TokenStrategy,
  ) {}

  /**
   * @param authorization as the header of that name
   * @throws ServiceError UNAUTHENTICATED; SERVICE_UNAVAILABLE while a key set cannot be fetched
   */
  async verify(authorization: string | undefined): Promise<Verified> {
    const token = bearerToken(authorization);
    if (authorization === undefined || token === null) throw refuseHeader(authorization);
    const known = this.verified.get(token);
    if (known && this.revoked.covers(known)) throw revokedToken();
    if (known) return known;
    const principal = await this.authenticate(authorization);
    // One that lives on the clock's tolerance only is not remembered: it has expired.
    return this.verified.get(token) ?? { principal, expiresAt: Math.floor(Date.now() / 1000) };
  }

  /** Whether what was verified still counts: neither expired nor revoked. */
  holds(verified: Verified): boolean {
    return verified.expiresAt * 1000 > Date.now() && !this.revoked.covers(verified);
  }

  /** Passport calls a strategy by a copy that has the ways out (Passport, "Strategies"). */
  private authenticate(authorization: string): Promise<Principal> {
    return new Promise((resolve, reject) => {
      const attempt = Object.assign(Object.create(this.strategy) as Strategy, {
        success: (principal: Principal) => resolve(principal),
        fail: (info: unknown) => reject(refuseToken(info)),
        error: (error: Error) => reject(error),
      });
      attempt.authenticate({ headers: { authorization } } as never);
    });
  }
}
