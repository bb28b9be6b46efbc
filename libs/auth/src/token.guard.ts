import { ServiceError } from '@app/kernel';
import { type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bearerToken, challenge, refuseHeader, unauthenticated } from './bearer.js';
import { TokenStrategy } from './token.strategy.js';
import { VerifiedTokens } from './verified-tokens.js';

/** Puts the principal of the request's token on the request, or refuses with 401 and a challenge. */
@Injectable()
export class TokenGuard extends AuthGuard() {
  // AuthGuard marks its first parameter optional, and Nest swallows what an optional parameter throws: so the
  // strategy, which can fail for a bad key, is not the first.
  constructor(private readonly verified: VerifiedTokens, strategy: TokenStrategy) {
    super({ defaultStrategy: strategy.name });
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const token = bearerToken(request.headers.authorization);
    const principal = token === null ? undefined : this.verified.get(token);
    if (principal) request.user = principal;
    else await super.canActivate(context);
    return true;
  }

  override handleRequest<User>(error: unknown, user: User | false, info: unknown, context: ExecutionContext): User {
    if (user) return user;
    const http = context.switchToHttp();
    const { authorization } = http.getRequest<FastifyRequest>().headers;
    const refusal = refusalOf(error, info, authorization);
    if (refusal instanceof ServiceError && refusal.error === 'UNAUTHENTICATED') {
      http.getResponse<FastifyReply>().header('WWW-Authenticate', challenge(authorization, refusal.message));
    }
    throw refusal;
  }
}

/** Passport tells what broke (`error`) from what was refused (`info`). */
function refusalOf(error: unknown, info: unknown, authorization: string | undefined): Error {
  if (error) return error instanceof Error ? error : new Error('authentication broke', { cause: error });
  return bearerToken(authorization) === null ? refuseHeader(authorization) : refuseToken(info);
}

/** What jsonwebtoken's messages begin with, in our words. */
const REASONS = [
  ['jwt expired', 'the token has expired'],
  ['jwt not active', 'the token is not valid yet'],
  ['jwt issuer invalid', "the token's issuer is wrong"],
  ['jwt audience invalid', "the token's audience is wrong"],
  ['invalid exp value', 'the claim exp must be a number of seconds'],
  ['invalid nbf value', 'the claim nbf must be a number of seconds'],
  ['jwt signature is required', 'the token is not signed'],
  ['jwt malformed', 'the token is malformed'],
  ['invalid token', 'the token is malformed'],
] as const;

function refuseToken(info: unknown): ServiceError {
  if (info instanceof ServiceError) return info;
  if (!(info instanceof Error) || info instanceof SyntaxError) return unauthenticated('the token is malformed');
  const reason = REASONS.find(([start]) => info.message.startsWith(start));
  return unauthenticated(reason?.[1] ?? "the token's signature is wrong");
}
