import { isJsonObject, ServiceError } from '@app/kernel';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ACCESS_RULE, type AccessRule, principalOf } from './access.js';
import { AUTH_OPTIONS, type AuthOptions } from './auth-options.js';
import { authorize, type Target } from './permissions.js';
import { RateLimit } from './rate-limit.js';
import { TokenGuard } from './token.guard.js';

/** Stands before every route of the app and denies by default: token, then rate limit, then the route's rule. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: TokenGuard,
    private readonly rateLimit: RateLimit,
    @Inject(AUTH_OPTIONS) private readonly options: Pick<AuthOptions, 'operating'>,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_RULE, places);
    if (rule === 'public') return true;
    if (rule === undefined) throw new ServiceError('FORBIDDEN', 'this route has no access rule, so it is closed');
    await this.tokens.canActivate(context);
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const principal = principalOf(request);
    this.rateLimit.consume(principal.subject, http.getResponse<FastifyReply>());
    if (rule !== 'authenticated') authorize(principal, rule, targetOf(request.params));
    if (rule === 'operate') await this.options.operating?.(request);
    return true;
  }
}

function targetOf(params: unknown): Target | undefined {
  if (!isJsonObject(params) || typeof params.aggregateType !== 'string') return undefined;
  const { aggregateType, aggregateId } = params;
  return typeof aggregateId === 'string' ? { aggregateType, aggregateId } : { aggregateType };
}
