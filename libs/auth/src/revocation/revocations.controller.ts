import { ServiceError } from '@app/kernel';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Access, CurrentPrincipal } from '../access.js';
import type { Principal } from '../permissions.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { Describe } from './openapi.js';
import {
  NoQuery, RevocationParams, RevocationsQuery, type TokenRevocationBody, TokenRevocationRequest,
} from './revocation-schemas.js';
import type { Revocation, Revocations } from './revocations.js';
import { RevokedTokens } from './revoked-tokens.js';

const DEFAULT_LIMIT = 100;

@ApiTags('tokens')
@ApiBearerAuth()
@Access('operate')
@Controller('tokens/revocations')
export class RevocationsController {
  constructor(private readonly revoked: RevokedTokens) {}

  @Post()
  @Describe({
    id: 'revokeTokens', summary: 'Refuse a token, or all tokens of a subject that were issued before now',
    description: 'In force here when it is answered, on the other instances within about a second. `iat` counts whole seconds, so a '
      + "subject's tokens of the running second are refused too. Sent again it renews: the later end holds, and a subject's time of issue is now.",
    success: { status: 201, schema: 'TokenRevocation', description: 'Revoked' }, errors: [400, 413, 415, 422],
  })
  async revoke(
    @Query({ schema: NoQuery }) _query: object,
    @Body({ schema: TokenRevocationRequest }) body: z.output<typeof TokenRevocationRequest>,
    @CurrentPrincipal() principal: Principal,
  ): Promise<TokenRevocationBody> {
    this.place();
    const { tokenId, subject, reason, expiresAt } = body;
    const what = tokenId === undefined
      ? { kind: 'subject' as const, name: subject! } : { kind: 'token' as const, name: tokenId };
    return bodyOf(await this.revoked.add({ ...what, reason, expiresAt, actor: principal.subject }));
  }

  @Get()
  @Describe({
    id: 'getTokenRevocations', summary: 'The revocations in force, oldest first',
    success: { status: 200, schema: 'TokenRevocationList', description: 'A page; the header Link leads to the next one' },
    errors: [400],
  })
  async list(
    @Query({ schema: RevocationsQuery }) query: z.output<typeof RevocationsQuery>,
    @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ revocations: TokenRevocationBody[]; hasMore: boolean }> {
    const { limit = DEFAULT_LIMIT, cursor } = query;
    const found = await this.place().list(cursor === undefined ? 0 : decodeCursor(cursor), limit + 1);
    const page = found.slice(0, limit);
    const hasMore = found.length > limit;
    if (hasMore) void reply.header('link', nextLink(request.url, encodeCursor(page.at(-1)!.revision)));
    return { revocations: page.map(bodyOf), hasMore };
  }

  @Delete(':id')
  @HttpCode(204)
  @Describe({
    id: 'liftTokenRevocation', summary: 'Lift a revocation: what it refused is taken again',
    success: { status: 204, description: 'Lifted' }, errors: [400, 404],
  })
  async lift(
    @Param({ schema: RevocationParams }) { id }: z.output<typeof RevocationParams>,
    @Query({ schema: NoQuery }) _query: object,
  ): Promise<void> {
    this.place();
    if (!(await this.revoked.lift(id))) {
      throw new ServiceError('REVOCATION_NOT_FOUND', 'there is no such revocation in force');
    }
  }

  private place(): Revocations {
    const { place } = this.revoked;
    if (!place) throw new ServiceError('ROUTE_NOT_FOUND', 'There is no such route');
    return place;
  }
}

function bodyOf({ id, kind, name, reason, actor, createdAt, expiresAt }: Revocation): TokenRevocationBody {
  return {
    id, ...(kind === 'token' ? { tokenId: name } : { subject: name }), ...(reason !== undefined && { reason }),
    revokedBy: actor, revokedAt: createdAt.toISOString(), ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
  };
}

function nextLink(url: string, cursor: string): string {
  const [path, query] = url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `<${path}?${parameters.toString()}>; rel="next"`;
}
