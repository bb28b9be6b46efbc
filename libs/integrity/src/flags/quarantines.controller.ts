import { Access, CurrentPrincipal, type Principal } from '@app/auth';
import { Describe, nextLink } from '@app/game-state';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { decodeCursor, encodeCursor, quarantineBody } from './bodies.js';
import { Flags, isActive } from './flags.js';
import { NoQuery, QuarantineParams, QuarantineRelease, QuarantinesQuery } from './schemas.js';

const DEFAULT_LIMIT = 50;

@ApiTags('anti-cheat')
@ApiBearerAuth()
@Access('operate')
@Controller('quarantines')
export class QuarantinesController {
  constructor(private readonly flags: Flags) {}

  @Get()
  @Describe({
    id: 'listQuarantines', summary: 'Aggregates that are marked because of a rule, the newest first',
    success: { status: 200, schema: 'QuarantineList', description: 'A page; the header Link leads to the next one' }, errors: [400],
  })
  async list(
    @Query({ schema: QuarantinesQuery }) { limit = DEFAULT_LIMIT, cursor, status = 'active', aggregateType }: z.output<typeof QuarantinesQuery>,
    @CurrentPrincipal() principal: Principal, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const query = { released: status === 'released', aggregateType, before: decodeCursor(cursor), limit: limit + 1 };
    const found = await this.flags.quarantines(query, principal);
    const page = found.slice(0, limit);
    const hasMore = found.length > limit;
    if (hasMore) void reply.header('link', nextLink(request.url, encodeCursor(page.at(-1)!.number)));
    return { quarantines: page.map(quarantineBody), hasMore };
  }

  @Get(':aggregateType/:aggregateId')
  @Describe({
    id: 'getQuarantine', summary: 'Whether an aggregate is in quarantine, and when it was',
    success: { status: 200, schema: 'QuarantineStatus', description: 'How it stands' }, errors: [400],
  })
  async get(
    @Param({ schema: QuarantineParams }) { aggregateType, aggregateId }: z.output<typeof QuarantineParams>, @Query({ schema: NoQuery }) _query: object,
  ): Promise<object> {
    const quarantines = await this.flags.quarantinesOf(aggregateType, aggregateId);
    return { aggregateType, aggregateId, isQuarantined: isActive(quarantines[0]), quarantines: quarantines.map(quarantineBody) };
  }

  @Post(':aggregateType/:aggregateId/release')
  @HttpCode(200)
  @Describe({
    id: 'releaseQuarantine', summary: 'Take the mark off an aggregate', errors: [400, 404, 413, 415],
    success: { status: 200, schema: 'Quarantine', description: 'Released' }, meaning: { 404: 'The aggregate is not in quarantine' },
  })
  async release(
    @Param({ schema: QuarantineParams }) { aggregateType, aggregateId }: z.output<typeof QuarantineParams>, @Query({ schema: NoQuery }) _query: object,
    @Body({ schema: QuarantineRelease }) { reason }: z.output<typeof QuarantineRelease>, @CurrentPrincipal() principal: Principal,
  ): Promise<object> {
    return quarantineBody(await this.flags.release(aggregateType, aggregateId, { subject: principal.subject, reason }));
  }
}
