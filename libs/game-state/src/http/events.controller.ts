import { Access, TokenVerifier } from '@app/auth';
import { Coherence } from '@app/cache';
import { ServiceError } from '@app/kernel';
import { Controller, Get, HttpCode, Param, Post, Query, Req, Res, StreamableFile } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { type EventHistory, GetEvents } from '../query/get-events.js';
import { positionOf, tellPosition } from './consistency.js';
import { decodeCursor, encodeCursor, nextLink } from './cursor.js';
import { EventPublisher, isAccepted, type Published, published, type Sender, senderOf } from './event-publisher.js';
import { OpenUploads } from './ingest/open-uploads.js';
import { Describe } from './openapi.js';
import { AggregateParams, EventBatchRequest, EventPublishRequest, HistoryQuery, NoQuery } from './schemas.js';
import { valid } from './validation.js';

const DEFAULT_LIMIT = 100;
const NDJSON = 'application/x-ndjson';

const BATCH_DESCRIPTION = `Events of one aggregate are appended in their order. A refused item does not refuse the others.

As ${NDJSON}: one event a line, any number of lines, and one answer a line, in order, sent while the upload is still coming.
\`index\` is the number of the line, from 0; blank lines are counted and not answered. The last line is
\`{"done":true,"accepted":n,"refused":m,"position":p}\`, where p is what the header \`X-Position\` says elsewhere; with \`"done":false\` it
says why no more lines were taken, such as a token that expired or was revoked meanwhile. Without such a line the answers were cut:
send again what has none, with the same \`eventId\`s or under the same key.`;

@ApiTags('events')
@ApiBearerAuth()
@Controller('events')
export class EventsController {
  constructor(
    private readonly publisher: EventPublisher, private readonly uploads: OpenUploads, private readonly queries: QueryBus,
    private readonly coherence: Coherence, private readonly tokens: TokenVerifier,
  ) {}

  @Post()
  @Access('write')
  @Describe({
    id: 'publishEvent', summary: 'Append an event and fold it into its aggregate',
    description: 'Creates or revives the aggregate. `eventData` is a merge patch on the state, unless `stateChanges` is given.',
    headers: { 'Idempotency-Key': 'Sending the same request again under this key returns the first answer.' },
    body: { 'application/json': 'EventPublishRequest' },
    success: { status: 201, schema: 'EventPublishResponse', description: 'Durable and in the state' },
    errors: [400, 404, 409, 413, 415, 422],
  })
  // Every parameter that Nest injects beside request and reply runs through the pipes, with promises of its own: the hot
  // routes look for themselves. docs/decisions/0011
  async publish(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Published> {
    valid(NoQuery, request.query);
    const body = valid(EventPublishRequest, request.body);
    const sender = senderOf(request);
    const outcome = await this.publisher.publish(body, sender, sender.key?.receipt(sender.key.fingerprint()));
    if (outcome.duplicate) void reply.header('idempotent-replayed', 'true');
    tellPosition(reply, outcome.events, this.coherence);
    return published(outcome);
  }

  @Post('batch')
  @HttpCode(200)
  @Access('write')
  @Describe({
    id: 'publishEventBatch', summary: 'Append up to 500 events, or a stream of any length, each event with its own answer',
    description: BATCH_DESCRIPTION,
    headers: { 'Idempotency-Key': 'Items that were appended under this key are not appended again.' },
    body: { 'application/json': 'EventBatchRequest', [NDJSON]: 'EventPublishRequest' },
    success: {
      status: 200, description: 'One answer an item, in order',
      content: { 'application/json': 'EventBatchResponse', [NDJSON]: 'EventLineAnswer' },
    },
    errors: [400, 413, 415],
  })
  async publishBatch(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    valid(NoQuery, request.query);
    const sender = senderOf(request);
    if (request.body === request.raw) {
      const refusal = await this.refusalLater(request, sender);
      void reply.header('content-type', NDJSON).header('cache-control', 'no-store');
      // Bare, Nest would hold the status back until the first answer.
      const summary = (): object => ({ position: positionOf(sender.newest, this.coherence) });
      return new StreamableFile(this.uploads.start(request, reply, { answer: (line) => this.publisher.line(line, sender), refusal, summary }));
    }
    const { events } = valid(EventBatchRequest, request.body);
    const results = await Promise.all(events.map((item, index) => this.publisher.item(item, index, sender)));
    if (sender.newest) tellPosition(reply, [sender.newest], this.coherence);
    const accepted = results.filter(isAccepted).length;
    return { results, accepted, refused: results.length - accepted };
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

  /** The guard let the request in, and the upload may outlast its token. */
  private async refusalLater({ headers }: FastifyRequest, { refused }: Sender): Promise<() => ServiceError | undefined> {
    const verified = await this.tokens.verify(headers.authorization);
    return () => {
      if (this.tokens.holds(verified)) return undefined;
      const refusal = new ServiceError('UNAUTHENTICATED', 'the token has expired or was revoked');
      refused(refusal, null);
      return refusal;
    };
  }
}
