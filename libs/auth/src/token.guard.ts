import { ServiceError } from '@app/kernel';
import { type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bearerToken, challenge, refuseHeader, revokedToken } from './bearer.js';
import type { Verified } from './claims.js';
import { refuseToken } from './refuse-token.js';
import { RevokedTokens } from './revocation/revoked-tokens.js';
import { TokenStrategy } from './token.strategy.js';
import { VerifiedTokens } from './verified-tokens.js';

/** Puts the principal of the request's token on the request, or refuses with 401 and a challenge. */
@Injectable()
export class TokenGuard extends AuthGuard() {
  // AuthGuard marks its first parameter optional, and Nest swallows what an optional parameter throws: so the
  // strategy, which can fail for a bad key, is not the first.
  constructor(
    private readonly verified: VerifiedTokens,
    private readonly revoked: RevokedTokens,
    strategy: TokenStrategy,
  ) {
    super({ defaultStrategy: strategy.name });
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const known = this.knownToken(request.headers.authorization);
    if (!known) await super.canActivate(context);
    else if (this.revoked.covers(known)) throw challenged(context, revokedToken());
    else request.user = known.principal;
    return true;
  }

  override handleRequest<User>(error: unknown, user: User | false, info: unknown, context: ExecutionContext): User {
    if (user) return user;
    const { authorization } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    throw challenged(context, refusalOf(error, info, authorization));
  }

  /** The spelling that all clients use is found as it is; others are taken apart first. */
  private knownToken(authorization: string | undefined): Verified | undefined {
    if (authorization === undefined) return undefined;
    const known = this.verified.find(authorization);
    if (known) return known;
    const token = bearerToken(authorization);
    return token === null ? undefined : this.verified.get(token);
  }
}

/** Puts the challenge of a 401 on the answer. */
function challenged(context: ExecutionContext, refusal: Error): Error {
  if (refusal instanceof ServiceError && refusal.error === 'UNAUTHENTICATED') {
    const http = context.switchToHttp();
    const { authorization } = http.getRequest<FastifyRequest>().headers;
    http.getResponse<FastifyReply>().header('WWW-Authenticate', challenge(authorization, refusal.message));
  }
  return refusal;
}

/** Passport tells what broke (`error`) from what was refused (`info`). */
function refusalOf(error: unknown, info: unknown, authorization: string | undefined): Error {
  if (error) return error instanceof Error ? error : new Error('authentication broke', { cause: error });
  return bearerToken(authorization) === null ? refuseHeader(authorization) : refuseToken(info);
}
