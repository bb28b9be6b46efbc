import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Action, Principal } from './permissions.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is asking; set on every route that is not public. */
    user?: Principal;
  }
}

export const ACCESS_RULE = Symbol('access rule');
export type AccessRule = Action | 'authenticated' | 'public';

/** Opens a route, or every route of a controller, to everybody: no token, no rate limit. */
export const Public = () => SetMetadata<symbol, AccessRule>(ACCESS_RULE, 'public');

/** Opens a route to every token that holds, within the rate limit. Its handler calls `authorize` with what it learns. */
export const Authenticated = () => SetMetadata<symbol, AccessRule>(ACCESS_RULE, 'authenticated');

/**
 * Opens a route, or every route of a controller, to those who may do the action (`PERMISSIONS`); a route's own rule
 * goes before its controller's. The parameters `:aggregateType` and `:aggregateId` of a route are its target. A handler
 * whose target is in the body or the query calls `authorize` with it.
 */
export const Access = (action: Action) => SetMetadata<symbol, AccessRule>(ACCESS_RULE, action);

/** Injects the `Principal` of the request. Of no use on a public route. */
export const CurrentPrincipal = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  principalOf(context.switchToHttp().getRequest<FastifyRequest>()));

export function principalOf(request: FastifyRequest): Principal {
  if (!request.user) throw new Error('a route without authentication asks for its principal');
  return request.user;
}
