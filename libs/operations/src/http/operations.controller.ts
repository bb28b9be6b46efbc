import { Access, authorize, CurrentPrincipal, type Principal } from '@app/auth';
import { Describe, nextLink, receiptOf } from '@app/game-state';
import { type JsonObject, ServiceError } from '@app/kernel';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Operations } from '../operations.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { operationBody } from './operation-body.js';
import { NoQuery, OperationParams, OperationsQuery, RebuildRequest, ReplayRequest, RevertRequest, VerifyRequest } from './schemas.js';

const DEFAULT_LIMIT = 50;
const IDEMPOTENCY = { 'Idempotency-Key': 'Sending the same request again under this key answers with the same operation.' };
const ACCEPTED = { status: 202, schema: 'Operation', description: 'Queued; the header Location leads to it' };
const MEANING = { 404: 'There is no such operation', 409: 'Another operation works on the same: `details.operationId`' };
const START_ERRORS = [400, 409, 413, 415, 422];

@ApiTags('operations')
@ApiBearerAuth()
@Access('operate')
@Controller('operations')
export class OperationsController {
  constructor(private readonly operations: Operations) {}

  @Post('rebuild')
  @HttpCode(202)
  @Describe({
    id: 'startRebuild', summary: 'Build states or analytics again from the log, beside those that serve, and swap them',
    headers: IDEMPOTENCY, success: ACCEPTED, errors: START_ERRORS, meaning: MEANING,
  })
  async rebuild(
    @Query({ schema: NoQuery }) _query: object, @Body({ schema: RebuildRequest }) body: z.output<typeof RebuildRequest>,
    @CurrentPrincipal() principal: Principal, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    return this.begin(`rebuild-${body.target}`, { acceptDifferences: false, ...body }, { principal, request, reply });
  }

  @Post('rebuild/revert')
  @HttpCode(202)
  @Describe({
    id: 'revertRebuild', summary: 'Go back to the build before', headers: IDEMPOTENCY, success: ACCEPTED, errors: START_ERRORS, meaning: MEANING,
  })
  async revert(
    @Query({ schema: NoQuery }) _query: object, @Body({ schema: RevertRequest }) body: z.output<typeof RevertRequest>,
    @CurrentPrincipal() principal: Principal, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    return this.begin(`revert-${body.target}`, body, { principal, request, reply });
  }

  @Post('replay')
  @HttpCode(202)
  @Describe({
    id: 'startReplay', summary: 'Run a range of events through the fold or through a rule', headers: IDEMPOTENCY, success: ACCEPTED,
    errors: START_ERRORS, meaning: MEANING,
  })
  async replay(
    @Query({ schema: NoQuery }) _query: object, @Body({ schema: ReplayRequest }) body: z.output<typeof ReplayRequest>,
    @CurrentPrincipal() principal: Principal, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    return this.begin(`replay-${body.through}`, { dryRun: true, ...body }, { principal, request, reply });
  }

  @Post('verify')
  @HttpCode(202)
  @Describe({
    id: 'startVerify', summary: 'Check the whole log: positions, versions, hash chains, checksums, states and signed roots',
    description: 'The `result` has what was counted and the `findings`, by position. Resumed, it begins anew.',
    headers: IDEMPOTENCY, success: ACCEPTED, errors: START_ERRORS, meaning: MEANING,
  })
  async verify(
    @Query({ schema: NoQuery }) _query: object, @Body({ schema: VerifyRequest }) body: z.output<typeof VerifyRequest>,
    @CurrentPrincipal() principal: Principal, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    return this.begin('verify', body, { principal, request, reply });
  }

  @Get()
  @Describe({
    id: 'listOperations', summary: 'Operations, the newest first',
    success: { status: 200, schema: 'OperationList', description: 'A page; the header Link leads to the next one' }, errors: [400],
  })
  async list(
    @Query({ schema: OperationsQuery }) { status, limit = DEFAULT_LIMIT, cursor }: z.output<typeof OperationsQuery>,
    @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const before = cursor === undefined ? undefined : decodeCursor(cursor);
    const found = await this.operations.list({ before, status, limit: limit + 1 });
    const page = found.slice(0, limit);
    const hasMore = found.length > limit;
    if (hasMore) void reply.header('link', nextLink(request.url, encodeCursor(page.at(-1)!.number)));
    return { operations: page.map(operationBody), hasMore };
  }

  @Get(':operationId')
  @Describe({
    id: 'getOperation', summary: 'How far an operation is',
    success: { status: 200, schema: 'Operation', description: 'The operation' }, errors: [400, 404], meaning: MEANING,
  })
  async get(
    @Param({ schema: OperationParams }) { operationId }: z.output<typeof OperationParams>, @Query({ schema: NoQuery }) _query: object,
  ): Promise<object> {
    return operationBody(await this.operations.get(operationId));
  }

  @Post(':operationId/cancel')
  @HttpCode(200)
  @Describe({
    id: 'cancelOperation', summary: 'End an operation; what is finished stays as it is',
    description: 'One that waits is cancelled at once, one that runs within about a second. It can be resumed.',
    success: { status: 200, schema: 'Operation', description: 'As it is now' }, errors: [400, 404], meaning: MEANING,
  })
  async cancel(
    @Param({ schema: OperationParams }) { operationId }: z.output<typeof OperationParams>, @Query({ schema: NoQuery }) _query: object,
    @CurrentPrincipal() principal: Principal,
  ): Promise<object> {
    mayOperate(principal, (await this.operations.get(operationId)).parameters);
    return operationBody(await this.operations.cancel(operationId));
  }

  @Post(':operationId/resume')
  @HttpCode(202)
  @Describe({
    id: 'resumeOperation', summary: 'Go on with an operation that failed or was cancelled, from where it was',
    success: ACCEPTED, errors: [400, 404, 409, 422], meaning: MEANING,
  })
  async resume(
    @Param({ schema: OperationParams }) { operationId }: z.output<typeof OperationParams>, @Query({ schema: NoQuery }) _query: object,
    @CurrentPrincipal() principal: Principal, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    mayOperate(principal, (await this.operations.get(operationId)).parameters);
    const operation = await this.operations.resume(operationId);
    void reply.header('location', locationOf(operation.id));
    return operationBody(operation);
  }

  private async begin(
    kind: string, parameters: object, { principal, request, reply }: { principal: Principal; request: FastifyRequest; reply: FastifyReply },
  ): Promise<object> {
    const given = parameters as JsonObject;
    mayOperate(principal, given);
    const operation = await this.operations.submit({
      kind, parameters: given, createdBy: principal.subject, receipt: receiptOf(request, principal.subject),
    });
    void reply.header('location', locationOf(operation.id));
    return operationBody(operation);
  }
}

/** A token that is limited to some types works on one of them, not on all. */
function mayOperate(principal: Principal, { aggregateType }: JsonObject): void {
  if (typeof aggregateType === 'string') return authorize(principal, 'operate', { aggregateType });
  if (!principal.aggregateTypes) return;
  throw new ServiceError('FORBIDDEN', `this token is limited to the aggregate types ${principal.aggregateTypes.join(', ')}: name one of them`);
}

function locationOf(id: string): string {
  return `/api/v1/operations/${id}`;
}
