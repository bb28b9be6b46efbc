import { Access, CurrentPrincipal, type Principal } from '@app/auth';
import { Coherence } from '@app/cache';
import { contextsOf, Describe, nextLink, tellPosition } from '@app/game-state';
import { ServiceError } from '@app/kernel';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { ListedRollback, Rollback } from '../sql/rollbacks.js';
import { RollbackExecution, RollbackParams, RollbackRequest, RollbacksQuery, RollbackUndo } from './rollback-schemas.js';
import { type Done, Rollbacks } from './rollbacks.js';

const DEFAULT_LIMIT = 50;

@ApiTags('rollbacks')
@ApiBearerAuth()
@Access('operate')
@Controller('rollbacks')
export class RollbacksController {
  constructor(private readonly rollbacks: Rollbacks, private readonly coherence: Coherence) {}

  @Post()
  @Describe({
    id: 'previewRollback', summary: 'What taking changes back would do; nothing changes yet',
    description: 'Increments are taken back by their amount; a value goes back only where nobody has set it since whose change is in force. Every aggregate '
      + 'of the scope is in `affected`, also one whose `diff` is empty: then its events count no more, should a later rollback take back what lies over them.',
    success: { status: 201, schema: 'Rollback', description: 'The preview' }, errors: [400, 404, 413, 415, 422],
  })
  async preview(
    @Body({ schema: RollbackRequest }) { scope }: z.output<typeof RollbackRequest>, @CurrentPrincipal() principal: Principal,
  ): Promise<object> {
    return bodyOf(await this.rollbacks.preview(scope, principal));
  }

  @Post(':rollbackId/execute')
  @HttpCode(200)
  @Describe({
    id: 'executeRollback', summary: 'Take the changes back, by events that make up for them',
    description: 'Where anything changed since the preview, or somebody else is at it, it is 409, and nothing is done. One that was cut short goes on when '
      + 'it is asked for again, with the changes that it began with.',
    success: { status: 200, schema: 'RollbackResult', description: 'Done' }, errors: [400, 404, 409, 413, 415, 422],
  })
  async execute(
    @Param({ schema: RollbackParams }) { rollbackId }: z.output<typeof RollbackParams>,
    @Body({ schema: RollbackExecution }) body: z.output<typeof RollbackExecution>, @CurrentPrincipal() principal: Principal, @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    return this.answer(reply, await this.rollbacks.execute(rollbackId, body, principal, contextsOf(request, principal)));
  }

  @Post(':rollbackId/undo')
  @HttpCode(200)
  @Describe({
    id: 'undoRollback', summary: 'Take a rollback back', description: 'While somebody else is at it, it is 409. One that was cut short goes on when it is asked for again.',
    success: { status: 200, schema: 'RollbackResult', description: 'Undone' }, errors: [400, 404, 409, 413, 415, 422],
  })
  async undo(
    @Param({ schema: RollbackParams }) { rollbackId }: z.output<typeof RollbackParams>,
    @Body({ schema: RollbackUndo }) body: z.output<typeof RollbackUndo>, @CurrentPrincipal() principal: Principal, @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    return this.answer(reply, await this.rollbacks.undoIt(rollbackId, body, principal, contextsOf(request, principal)));
  }

  @Get()
  @Describe({
    id: 'listRollbacks', summary: 'Rollbacks, the newest first; with limited types those of such aggregates alone',
    success: { status: 200, schema: 'RollbackList', description: 'A page; the header Link leads to the next one' }, errors: [400],
  })
  async list(
    @Query({ schema: RollbacksQuery }) { limit = DEFAULT_LIMIT, cursor }: z.output<typeof RollbacksQuery>,
    @Req() request: FastifyRequest, @CurrentPrincipal() principal: Principal, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const found = await this.rollbacks.list(cursor === undefined ? undefined : decode(cursor), limit + 1, principal);
    const page = found.slice(0, limit);
    const hasMore = found.length > limit;
    if (hasMore) void reply.header('link', nextLink(request.url, encode(page.at(-1)!.number)));
    return { rollbacks: page.map(bodyOf), hasMore };
  }

  @Get(':rollbackId')
  @Describe({
    id: 'getRollback', summary: 'One rollback', success: { status: 200, schema: 'Rollback', description: 'The rollback' }, errors: [400, 404],
  })
  async get(
    @Param({ schema: RollbackParams }) { rollbackId }: z.output<typeof RollbackParams>, @CurrentPrincipal() principal: Principal,
  ): Promise<object> {
    return bodyOf(await this.rollbacks.get(rollbackId, principal));
  }

  private answer(reply: FastifyReply, { rollback, events }: Done): object {
    tellPosition(reply, events, this.coherence);
    return {
      rollbackId: rollback.id, status: rollback.status,
      events: events.map(({ eventId, type, ref, version }) => ({
        eventId, eventType: type, aggregateType: ref.type, aggregateId: ref.id, eventVersion: version,
      })),
    };
  }
}

function bodyOf({ id: rollbackId, number: _number, ...rollback }: Rollback | ListedRollback): object {
  return { rollbackId, ...rollback };
}

function encode(number: number): string {
  return Buffer.from(`r:${number}`).toString('base64url');
}

function decode(cursor: string): number {
  const number = Number(/^r:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1]);
  if (Number.isSafeInteger(number)) return number;
  throw new ServiceError('VALIDATION_ERROR', 'cursor is not one that was given out', { path: '/cursor' });
}
