import { Injectable } from '@nestjs/common';
import { type Action, permits, type Principal, type Target } from './permissions.js';
import { type HeaderSink, RateLimit } from './rate-limit.js';
import { RevokedTokens } from './revocation/revoked-tokens.js';
import { VerifiedTokens } from './verified-tokens.js';

/** Access for what answers before Nest's pipeline. It decides by the same parts as the guard. */
@Injectable()
export class FastAccess {
  constructor(
    private readonly verified: VerifiedTokens,
    private readonly revoked: RevokedTokens,
    private readonly rateLimit: RateLimit,
  ) {}

  /**
   * The principal, if the guard would let the request through and its token is verified already. The request is then
   * counted, and the rate limit's headers are on the reply. Otherwise nothing was counted or told: let the request go on
   * to the guard, which verifies or refuses. About 1 µs.
   *
   * @param authorization the request's header
   * @param target what the route's parameters name, as in `authorize`
   */
  admit(authorization: string | undefined, reply: HeaderSink, action: Action, target: Target): Principal | undefined {
    const verified = authorization === undefined ? undefined : this.verified.find(authorization);
    if (verified === undefined || this.revoked.covers(verified)) return undefined;
    const { principal } = verified;
    return permits(principal, action, target) && this.rateLimit.tryConsume(principal.subject, reply) ? principal : undefined;
  }
}
