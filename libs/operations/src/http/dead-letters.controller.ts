import { Access, authorize, CurrentPrincipal, type Principal } from '@app/auth';
import { type DeadLetter, EventStore } from '@app/event-store';
import { Describe, nextLink } from '@app/game-state';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { decodeCursor, encodeCursor } from './cursor.js';
import { DeadLetterDiscard, DeadLetterParams, DeadLettersQuery } from './dead-letter-schemas.js';
import { NoQuery } from './schemas.js';

const DEFAULT_LIMIT = 50;
const MEANING = { 404: 'There is no such dead letter', 422: 'It is not parked any more, or cannot be retried here' };

@ApiTags('operations')
@ApiBearerAuth()
@Access('operate')
@Controller('dead-letters')
export class DeadLettersController {
  constructor(private readonly events: EventStore) {}

  @Get()
  @Describe({
    id: 'listDeadLetters', summary: 'Aggregates that a projection could not handle, the newest first',
    success: { status: 200, schema: 'DeadLetterList', description: 'A page; the header Link leads to the next one' }, errors: [400],
  })
  async list(
    @Query({ schema: DeadLettersQuery }) { limit = DEFAULT_LIMIT, cursor, ...of }: z.output<typeof DeadLettersQuery>,
    @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const before = cursor === undefined ? undefined : decodeCursor(cursor);
    const found = await this.events.deadLetters.list({ ...of, before, limit: limit + 1 });
    const page = found.slice(0, limit);
    const hasMore = found.length > limit;
    if (hasMore) void reply.header('link', nextLink(request.url, encodeCursor(page.at(-1)!.number)));
    return { deadLetters: page.map(bodyOf), hasMore };
  }

  @Post(':deadLetterId/retry')
  @HttpCode(200)
  @Describe({
    id: 'retryDeadLetter', summary: 'Hand over what was withheld, in order',
    description: 'If it fails again the aggregate stays `parked`, with the new error.',
    success: { status: 200, schema: 'DeadLetter', description: 'As it is now' }, errors: [400, 404, 422], meaning: MEANING,
  })
  async retry(
    @Param({ schema: DeadLetterParams }) { deadLetterId }: z.output<typeof DeadLetterParams>, @Query({ schema: NoQuery }) _query: object,
    @CurrentPrincipal() principal: Principal,
  ): Promise<object> {
    await this.assertMay(principal, deadLetterId);
    return bodyOf(await this.events.deadLetters.retry(deadLetterId, principal.subject));
  }

  @Post(':deadLetterId/discard')
  @HttpCode(200)
  @Describe({
    id: 'discardDeadLetter', summary: 'Give up what was withheld so far; what comes from now on is handled',
    success: { status: 200, schema: 'DeadLetter', description: 'Discarded' }, errors: [400, 404, 413, 415, 422], meaning: MEANING,
  })
  async discard(
    @Param({ schema: DeadLetterParams }) { deadLetterId }: z.output<typeof DeadLetterParams>, @Query({ schema: NoQuery }) _query: object,
    @Body({ schema: DeadLetterDiscard }) { reason }: z.output<typeof DeadLetterDiscard>, @CurrentPrincipal() principal: Principal,
  ): Promise<object> {
    await this.assertMay(principal, deadLetterId);
    return bodyOf(await this.events.deadLetters.discard(deadLetterId, { by: principal.subject, reason }));
  }

  private async assertMay(principal: Principal, id: string): Promise<void> {
    const { ref } = await this.events.deadLetters.get(id);
    authorize(principal, 'operate', { aggregateType: ref.type, aggregateId: ref.id });
  }
}

function bodyOf({ id: deadLetterId, number: _number, partition: _partition, ref, ...letter }: DeadLetter): object {
  return { deadLetterId, aggregateType: ref.type, aggregateId: ref.id, ...letter };
}
