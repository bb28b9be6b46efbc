import { Access, CurrentPrincipal, type Principal } from '@app/auth';
import { Describe, nextLink } from '@app/game-state';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { decodeCursor, encodeCursor, flagBody, flagDetail } from './bodies.js';
import { Flags } from './flags.js';
import { FlagAssignment, FlagParams, FlagResolution, FlagsQuery, NoQuery } from './schemas.js';

const DEFAULT_LIMIT = 50;
const MEANING = { 404: 'There is no such flag', 409: 'It is resolved already' };

@ApiTags('anti-cheat')
@ApiBearerAuth()
@Access('operate')
@Controller('flags')
export class FlagsController {
  constructor(private readonly flags: Flags) {}

  @Get()
  @Describe({
    id: 'listFlags', summary: 'Events that broke a rule, the newest first',
    success: { status: 200, schema: 'FlagList', description: 'A page; the header Link leads to the next one' }, errors: [400],
  })
  async list(
    @Query({ schema: FlagsQuery }) { limit = DEFAULT_LIMIT, cursor, ...query }: z.output<typeof FlagsQuery>,
    @CurrentPrincipal() principal: Principal, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const found = await this.flags.list({ ...query, before: decodeCursor(cursor), limit: limit + 1 }, principal);
    const page = found.slice(0, limit);
    const hasMore = found.length > limit;
    if (hasMore) void reply.header('link', nextLink(request.url, encodeCursor(page.at(-1)!.number)));
    return { flags: page.map(flagBody), hasMore };
  }

  @Get(':flagId')
  @Describe({
    id: 'getFlag', summary: 'A flag with its evidence and every step of its review',
    success: { status: 200, schema: 'FlagDetail', description: 'The flag' }, errors: [400, 404], meaning: MEANING,
  })
  async get(
    @Param({ schema: FlagParams }) { flagId }: z.output<typeof FlagParams>, @Query({ schema: NoQuery }) _query: object,
    @CurrentPrincipal() principal: Principal,
  ): Promise<object> {
    return flagDetail(await this.flags.get(flagId, principal));
  }

  @Post(':flagId/assign')
  @HttpCode(200)
  @Describe({
    id: 'assignFlag', summary: 'Give a flag to somebody', errors: [400, 404, 409, 413, 415], meaning: MEANING,
    success: { status: 200, schema: 'Flag', description: 'As it is now' },
  })
  async assign(
    @Param({ schema: FlagParams }) { flagId }: z.output<typeof FlagParams>, @Query({ schema: NoQuery }) _query: object,
    @Body({ schema: FlagAssignment }) { assignee }: z.output<typeof FlagAssignment>, @CurrentPrincipal() principal: Principal,
  ): Promise<object> {
    return flagBody(await this.flags.assign(flagId, assignee, principal));
  }

  @Post(':flagId/resolve')
  @HttpCode(200)
  @Describe({
    id: 'resolveFlag', summary: 'Say what a flag was; once', errors: [400, 404, 409, 413, 415], meaning: MEANING,
    success: { status: 200, schema: 'Flag', description: 'As it is now' },
  })
  async resolve(
    @Param({ schema: FlagParams }) { flagId }: z.output<typeof FlagParams>, @Query({ schema: NoQuery }) _query: object,
    @Body({ schema: FlagResolution }) { resolution, note }: z.output<typeof FlagResolution>, @CurrentPrincipal() principal: Principal,
  ): Promise<object> {
    return flagBody(await this.flags.resolve(flagId, resolution, note, principal));
  }
}
