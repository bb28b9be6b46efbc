import { Access, Authenticated, authorize, CurrentPrincipal, type Principal } from '@app/auth';
import type { StateDocument } from '@app/event-store';
import { bodyOf, Describe, nextLink } from '@app/game-state';
import { type AggregateRef, ServiceError, toJsonPatch } from '@app/kernel';
import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { DiffParams, DiffQuery, WorldQuery } from './schemas.js';
import { Travel } from './travel.js';

const DEFAULT_LIMIT = 50;

@ApiTags('history')
@ApiBearerAuth()
@Controller()
export class HistoryController {
  constructor(private readonly travel: Travel) {}

  @Get('state/:aggregateType/:aggregateId/diff')
  @Access('read')
  @Describe({
    id: 'diffAggregateState', summary: 'What changed in a state between two versions or times',
    description: 'Arrays are values, as in a merge patch. A deleted state counts as `{}`.',
    success: { status: 200, schema: 'StateDiff', description: 'The differences' }, errors: [400, 404],
  })
  async diff(
    @Param({ schema: DiffParams }) { aggregateType: type, aggregateId: id }: z.output<typeof DiffParams>,
    @Query({ schema: DiffQuery }) query: z.output<typeof DiffQuery>,
  ): Promise<object> {
    const { from, to, found } = await this.travel.diff({ type, id }, query.from, query.to);
    return { aggregateType: type, aggregateId: id, from: sideOf(from), to: sideOf(to), patch: toJsonPatch(found), changes: found };
  }

  @Get('world-at')
  @Authenticated()
  @Describe({
    id: 'getWorldAt', summary: 'Many states as they were at one moment, in the order of their ids',
    description: 'One consistent cut: all events up to the position that the time resolves to, on every page.',
    success: { status: 200, schema: 'WorldAt', description: 'A page; the header Link leads to the next one' }, errors: [400],
  })
  async worldAt(
    @Query({ schema: WorldQuery }) { at, type, cursor, limit = DEFAULT_LIMIT }: z.output<typeof WorldQuery>,
    @CurrentPrincipal() principal: Principal, @Req() request: FastifyRequest, @Res() reply: FastifyReply,
  ): Promise<void> {
    if (type === undefined && principal.aggregateTypes) {
      throw new ServiceError('FORBIDDEN', `this token is limited to the aggregate types ${principal.aggregateTypes.join(', ')}: ask for one`);
    }
    authorize(principal, 'read', type === undefined ? undefined : { aggregateType: type });
    const place = cursor === undefined ? undefined : decode(cursor);
    if (!place && !at) throw new ServiceError('VALIDATION_ERROR', 'at is required: a time such as 2026-11-25T12:00:00Z', { path: '/at' });
    const position = place?.position ?? await this.travel.positionAt(at!);
    const { states, last } = await this.travel.worldAt(position, { type, after: place?.after, limit });
    if (last) void reply.header('link', nextLink(request.url, encode(position, last)));
    const when = at ? `"at":"${at.toISOString()}",` : '';
    void reply.header('content-type', 'application/json; charset=utf-8')
      .send(`{${when}"states":[${states.map((state) => bodyOf(state)).join()}],"hasMore":${last !== undefined}}`);
  }
}

function sideOf({ version, lastModified }: StateDocument): object {
  return { version, timestamp: lastModified.toISOString() };
}

/** Where the next page begins: opaque to clients. */
function encode(position: number, { type, id }: AggregateRef): string {
  return Buffer.from(`w:${position}:${type}:${id}`).toString('base64url');
}

function decode(cursor: string): { position: number; after: AggregateRef } {
  const [, position, type, id] = /^w:(\d{1,16}):([a-z]+):([0-9a-f-]{36})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (type !== undefined && id !== undefined) return { position: Number(position), after: { type, id } };
  throw new ServiceError('VALIDATION_ERROR', 'cursor is not one that was given out', { path: '/cursor' });
}
