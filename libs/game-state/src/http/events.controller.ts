import { Access, authorize, CurrentPrincipal, type Principal } from '@app/auth';
import type { Outcome } from '@app/event-store';
import { ServiceError } from '@app/kernel';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { PublishEvent } from '../command/publish-event.js';
import { type EventHistory, GetEvents } from '../query/get-events.js';
import { contextOf } from './context.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { Describe } from './openapi.js';
import { receiptOf } from './preconditions.js';
import { AggregateParams, EventBatchRequest, EventPublishRequest, HistoryQuery, NoQuery } from './schemas.js';
import { validationError } from './validation.js';

const DEFAULT_LIMIT = 100;

interface Published {
  readonly eventId: string;
  readonly eventVersion: number;
  readonly timestamp: string;
  /** Durable and in the state when the answer is sent. */
  readonly status: 'processed';
}

interface BatchResult extends Partial<Published> {
  readonly index: number;
  /** The HTTP status that the item would have had alone. */
  readonly code: string;
  readonly error?: string;
  readonly message?: string;
  readonly details?: unknown;
}

@ApiTags('events')
@ApiBearerAuth()
@Controller('events')
export class EventsController {
  constructor(private readonly commands: CommandBus, private readonly queries: QueryBus) {}

  @Post()
  @Access('write')
  @Describe({
    id: 'publishEvent', summary: 'Append an event and fold it into its aggregate',
    description: 'Creates or revives the aggregate. `eventData` is a merge patch on the state, unless `stateChanges` is given.',
    headers: { 'Idempotency-Key': 'Sending the same request again under this key returns the first answer.' },
    success: { status: 201, schema: 'EventPublishResponse', description: 'Durable and in the state' },
    errors: [400, 404, 409, 413, 415, 422],
  })
  async publish(
    @Query({ schema: NoQuery }) _query: object, @Body({ schema: EventPublishRequest }) body: EventPublishRequest,
    @Req() request: FastifyRequest, @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Published> {
    const outcome = await this.append(body, request, principal);
    if (outcome.duplicate) void reply.header('idempotent-replayed', 'true');
    return published(outcome);
  }

  @Post('batch')
  @HttpCode(200)
  @Access('write')
  @Describe({
    id: 'publishEventBatch', summary: 'Append up to 500 events, each with its own answer',
    description: 'Events of one aggregate are appended in their order. A refused item does not refuse the others.',
    headers: { 'Idempotency-Key': 'Items that were appended under this key are not appended again.' },
    success: { status: 200, schema: 'EventBatchResponse', description: 'One answer an item, in order' },
    errors: [400, 413, 415],
  })
  async publishBatch(
    @Query({ schema: NoQuery }) _query: object, @Body({ schema: EventBatchRequest }) body: z.output<typeof EventBatchRequest>,
    @Req() request: FastifyRequest, @CurrentPrincipal() principal: Principal,
  ): Promise<object> {
    const results = await Promise.all(body.events.map((item, index) => this.appendItem(item, index, request, principal)));
    const accepted = results.filter((result) => result.code === '201').length;
    return { results, accepted, refused: results.length - accepted };
  }

  private async appendItem(
    item: unknown, index: number, request: FastifyRequest, principal: Principal,
  ): Promise<BatchResult> {
    try {
      const parsed = EventPublishRequest.safeParse(item);
      if (!parsed.success) throw validationError(parsed.error.issues);
      return { index, code: '201', ...published(await this.append(parsed.data, request, principal, String(index))) };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const { message, details } = error;
      return { index, code: String(error.status), error: error.error, message, details };
    }
  }

  private append(
    body: EventPublishRequest, request: FastifyRequest, principal: Principal, part?: string,
  ): Promise<Outcome> {
    const { aggregateType, aggregateId, eventId, eventType, eventData, stateChanges, expectedVersion, ...given } = body;
    authorize(principal, 'write', { aggregateType, aggregateId });
    return this.commands.execute(new PublishEvent(
      { type: aggregateType, id: aggregateId }, { eventId, eventType, eventData, stateChanges, expectedVersion },
      contextOf(request, principal, given), receiptOf(request, principal.subject, part)));
  }

  @Get(':aggregateType/:aggregateId')
  @Access('read')
  @Describe({
    id: 'getAggregateEvents', summary: 'The history of an aggregate, oldest first',
    success: { status: 200, schema: 'EventHistoryResponse', description: 'A page of events' }, errors: [400, 404],
  })
  async getEvents(
    @Param({ schema: AggregateParams }) params: z.output<typeof AggregateParams>,
    @Query({ schema: HistoryQuery }) query: z.output<typeof HistoryQuery>,
    @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventHistory> {
    const { fromVersion = 1, toVersion = Number.MAX_SAFE_INTEGER, limit = DEFAULT_LIMIT, cursor } = query;
    const from = cursor === undefined ? fromVersion : decodeCursor(cursor);
    const ref = { type: params.aggregateType, id: params.aggregateId };
    const page = await this.queries.execute(new GetEvents(ref, { fromVersion, from, toVersion, limit }));
    const last = page.events.at(-1);
    if (page.hasMore && last) void reply.header('link', nextLink(request.url, encodeCursor(last.eventVersion + 1)));
    return page;
  }
}

function nextLink(url: string, cursor: string): string {
  const [path, query] = url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `<${path}?${parameters.toString()}>; rel="next"`;
}

/** `EventPublishResponse`, read from the stored event: a replay of the request gets the same one. */
function published({ events }: Outcome): Published {
  const { eventId, version, committedAt } = events[0]!;
  return { eventId, eventVersion: version, timestamp: committedAt.toISOString(), status: 'processed' };
}
