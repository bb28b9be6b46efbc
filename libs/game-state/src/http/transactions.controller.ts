import { randomUUID } from 'node:crypto';
import { Authenticated, authorize, CurrentPrincipal, type Principal } from '@app/auth';
import { Coherence } from '@app/cache';
import { refKey, ServiceError } from '@app/kernel';
import { Body, Controller, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { ChangeTogether } from '../command/change-together.js';
import { tellPosition } from './consistency.js';
import { contextOf } from './context.js';
import { Describe } from './openapi.js';
import { receiptOf } from './preconditions.js';
import { NoQuery, TransactionRequest } from './schemas.js';
import { stateChange } from './state-change.js';

type TransactionRequest = z.output<typeof TransactionRequest>;

@ApiTags('commands')
@ApiBearerAuth()
@Controller('commands')
export class TransactionsController {
  constructor(private readonly commands: CommandBus, private readonly coherence: Coherence) {}

  @Post('transaction')
  @HttpCode(200)
  @Authenticated()
  @Describe({
    id: 'executeTransaction', summary: 'Change several aggregates together: all or none',
    description: 'For trades and guild banks. With `rule` conserve the sum of each field in `conserve` over the aggregates stays what it is.',
    headers: { 'Idempotency-Key': 'Sending the same request again under this key returns the first answer.' },
    success: { status: 200, schema: 'TransactionResponse', description: 'All changed' }, errors: [400, 404, 409, 413, 415, 422],
  })
  async execute(
    @Query({ schema: NoQuery }) _query: object, @Body({ schema: TransactionRequest }) body: TransactionRequest,
    @Req() request: FastifyRequest, @CurrentPrincipal() principal: Principal, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const items = itemsOf(body);
    for (const { ref } of items) authorize(principal, 'write', { aggregateType: ref.type, aggregateId: ref.id });
    const { metadata, correlationId = randomUUID(), causationId } = body;
    const outcome = await this.commands.execute(new ChangeTogether(
      items, body.conserve?.map(toPointer) ?? [], contextOf(request, principal, { metadata, correlationId, causationId }),
      receiptOf(request, principal.subject)));
    if (outcome.duplicate) void reply.header('idempotent-replayed', 'true');
    tellPosition(reply, outcome.events, this.coherence);
    const changed = new Map(outcome.events.map((event) => [refKey(event.ref), event]));
    return { results: items.map(({ ref }) => stateChange(changed.get(refKey(ref))!)) };
  }
}

function itemsOf({ changes }: TransactionRequest): ChangeTogether['items'] {
  const seen = new Set<string>();
  return changes.map(({ aggregateType: type, aggregateId: id, ...change }, index) => {
    const ref = { type, id };
    const key = refKey(ref);
    if (seen.has(key)) throw new ServiceError('VALIDATION_ERROR', `changes.${index}: ${key} is there twice`, { index });
    seen.add(key);
    return { ref, ...change };
  });
}

/** A field is a key at the top, or a JSON Pointer. */
function toPointer(field: string): string {
  return field.startsWith('/') ? field : `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
