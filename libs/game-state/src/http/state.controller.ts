import { Access, CurrentPrincipal, type Principal } from '@app/auth';
import { Coherence } from '@app/cache';
import type { Outcome } from '@app/event-store';
import { ServiceError } from '@app/kernel';
import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Put, Query, Req, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiConsumes, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { ChangeState } from '../command/change-state.js';
import { GetState } from '../query/get-state.js';
import { etagOf } from '../read-model/state-view.js';
import { readDemandOf, tellPosition } from './consistency.js';
import { contextOf } from './context.js';
import { sendState } from './hot-read.js';
import { Describe } from './openapi.js';
import { demandOf, receiptOf } from './preconditions.js';
import { AggregateParams, DeleteQuery, NoQuery, StatePatch, StateQuery, StateUpdateRequest } from './schemas.js';
import { stateChange } from './state-change.js';

type Params = z.output<typeof AggregateParams>;
type StateQuery = z.output<typeof StateQuery>;
type StateUpdateRequest = z.output<typeof StateUpdateRequest>;

const MERGE_PATCH = 'application/merge-patch+json';
const KEY_HEADER = { 'Idempotency-Key': 'Sending the same request again under this key returns the first answer.' };
const MATCH_HEADER = { 'If-Match': 'The entity tag of the version this is based on, e.g. `"v3"`.' };

@ApiTags('state')
@ApiBearerAuth()
@Controller('state/:aggregateType/:aggregateId')
export class StateController {
  constructor(
    private readonly commands: CommandBus, private readonly queries: QueryBus, private readonly coherence: Coherence,
  ) {}

  @Get()
  @Access('read')
  @Describe({
    id: 'getAggregateState', summary: 'The state of an aggregate, now, after one of its versions, or at a time',
    description: 'From memory or Redis, at most 150 ms old. `Cache-Control: no-cache` or `consistency=strong` reads the database.',
    headers: {
      'If-None-Match': 'Answer 304 if this is still the entity tag.',
      'X-Min-Position': 'The `X-Position` of a write: the answer shows at least that, through any instance.',
    },
    success: { status: 200, schema: 'AggregateState', description: 'The state' }, errors: [400, 404],
  })
  async getState(
    @Param({ schema: AggregateParams }) params: Params, @Query({ schema: StateQuery }) query: StateQuery,
    @Req() request: FastifyRequest, @Res() reply: FastifyReply,
  ): Promise<void> {
    const { version, at, includeEvents, consistency } = query;
    const demand = readDemandOf(request, consistency, this.coherence.epoch);
    const view = await this.queries.execute(new GetState(refOf(params), { version, at, includeEvents, ...demand }));
    sendState(request, reply, view);
  }

  @Put()
  @Access('write')
  @Describe({
    id: 'updateAggregateState', summary: 'Change a state that is at the expected version, or create it with version 0',
    headers: { ...MATCH_HEADER, ...KEY_HEADER },
    success: { status: 200, schema: 'StateUpdateResponse', description: 'Changed' }, errors: [400, 404, 409, 412, 413, 415, 422],
  })
  async update(
    @Param({ schema: AggregateParams }) params: Params, @Query({ schema: NoQuery }) _query: object,
    @Body({ schema: StateUpdateRequest }) body: StateUpdateRequest, @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const { changes, expectedVersion, metadata, userId } = body;
    const outcome = await this.commands.execute(new ChangeState(
      refOf(params), { kind: 'update', changes, ...demandOf(request, expectedVersion) },
      contextOf(request, principal, { metadata, userId }), receiptOf(request, principal.subject)));
    return this.changed(outcome, reply);
  }

  @Patch()
  @Access('write')
  @ApiConsumes(MERGE_PATCH)
  @Describe({
    id: 'patchAggregateState', summary: 'Change a state, whatever its version',
    description: 'A merge patch (RFC 7396) on `data`; `{"$inc": n}` in place of a value adds n.',
    headers: { ...MATCH_HEADER, ...KEY_HEADER },
    success: { status: 200, schema: 'StateUpdateResponse', description: 'Changed' }, errors: [400, 404, 412, 413, 415, 422],
  })
  async patch(
    @Param({ schema: AggregateParams }) params: Params, @Query({ schema: NoQuery }) _query: object,
    @Body({ schema: StatePatch }) changes: z.output<typeof StatePatch>, @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    if (request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() !== MERGE_PATCH) {
      throw new ServiceError('UNSUPPORTED_MEDIA_TYPE', `PATCH takes ${MERGE_PATCH}`, { accepted: [MERGE_PATCH] });
    }
    const outcome = await this.commands.execute(new ChangeState(
      refOf(params), { kind: 'patch', changes, ...demandOf(request, undefined) },
      contextOf(request, principal, {}), receiptOf(request, principal.subject)));
    return this.changed(outcome, reply);
  }

  @Delete()
  @HttpCode(204)
  @Access('delete')
  @Describe({
    id: 'deleteAggregateState', summary: 'Delete a state; its history stays',
    headers: { ...MATCH_HEADER, ...KEY_HEADER },
    success: { status: 204, description: 'Deleted' }, errors: [400, 404, 409, 412, 422],
  })
  async delete(
    @Param({ schema: AggregateParams }) params: Params,
    @Query({ schema: DeleteQuery }) query: z.output<typeof DeleteQuery>, @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const outcome = await this.commands.execute(new ChangeState(
      refOf(params), { kind: 'delete', ...demandOf(request, query.expectedVersion) },
      contextOf(request, principal, {}), receiptOf(request, principal.subject)));
    this.mark(outcome, reply);
  }

  private changed(outcome: Outcome, reply: FastifyReply): object {
    const event = outcome.events[0]!;
    this.mark(outcome, reply);
    void reply.header('etag', etagOf(event.version));
    return stateChange(event);
  }

  private mark(outcome: Outcome, reply: FastifyReply): void {
    if (outcome.duplicate) void reply.header('idempotent-replayed', 'true');
    tellPosition(reply, outcome.events, this.coherence);
  }
}

function refOf(params: Params): { type: Params['aggregateType']; id: string } {
  return { type: params.aggregateType, id: params.aggregateId };
}
