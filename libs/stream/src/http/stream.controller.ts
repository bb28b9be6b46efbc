import { Authenticated, Public, TokenVerifier } from '@app/auth';
import { ServiceError } from '@app/kernel';
import { Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Streams } from '../engine/streams.js';
import { authorizeChannel } from '../protocol/access.js';
import { channelQuery, subscribeOf } from '../protocol/query.js';
import { StreamAccess } from '../stream-access.js';
import { Tickets } from '../tickets.js';
import { Describe } from './openapi.js';
import { ServerSentWire } from './server-sent-wire.js';
import type { TicketBody } from './schemas.js';

@ApiTags('stream')
@ApiBearerAuth()
@Controller('stream')
export class StreamController {
  constructor(
    private readonly streams: Streams, private readonly access: StreamAccess, private readonly tickets: Tickets,
    private readonly tokens: TokenVerifier,
  ) {}

  @Authenticated()
  @Post('tickets')
  @HttpCode(201)
  @Describe({
    id: 'createStreamTicket', summary: 'A ticket that opens one stream within 30 s, in place of the token',
    description: 'For browsers, which cannot send a header with a WebSocket or an EventSource: `/ws?ticket=...`.',
    success: { status: 201, schema: 'StreamTicket', description: 'The ticket' }, errors: [],
  })
  async ticket(@Req() { headers }: FastifyRequest): Promise<TicketBody> {
    const { ticket, expiresAt } = await this.tickets.issue(await this.tokens.verify(headers.authorization));
    return { ticket, expiresAt: expiresAt.toISOString() };
  }

  @Public()
  @Get()
  @Describe({
    id: 'streamChannel', summary: 'The changes of a channel as Server-Sent Events',
    description: 'The same messages as over WebSocket (see the AsyncAPI document); `id` is the cursor. A token in the header, or a '
      + 'ticket in the query.',
    success: { status: 200, content: 'text/event-stream', description: 'Messages without end' }, errors: [400, 401, 403, 429],
    headers: { 'Last-Event-ID': 'The cursor of the last event that was handled' },
  })
  async stream(
    @Query({ schema: channelQuery }) { channel, ...query }: z.output<typeof channelQuery>,
    @Req() request: FastifyRequest, @Res() reply: FastifyReply,
  ): Promise<void> {
    const { headers } = request;
    const lastEventId = headers['last-event-id'];
    if (Array.isArray(lastEventId)) throw new ServiceError('VALIDATION_ERROR', 'Last-Event-ID takes one cursor');
    const admitted = await this.access.admit(headers, new URLSearchParams(query.ticket === undefined ? {} : { ticket: query.ticket }));
    request.user = admitted.principal; // who is refused below is not nobody
    authorizeChannel(admitted.principal, channel);
    this.streams.assertRoom(admitted.principal);
    reply.hijack();
    const { raw } = reply;
    // Who hung up meanwhile: its end was told already, and would not be told again.
    if (raw.destroyed) return;
    raw.writeHead(200, {
      ...(headers.origin !== undefined && { 'access-control-allow-origin': headers.origin, vary: 'origin' }), // it was let in
      'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no', 'x-request-id': reply.request.id,
    });
    raw.flushHeaders();
    const session = this.streams.open(admitted, new ServerSentWire(raw));
    session.isForOne = true;
    // Nothing is ever heard on such a stream: that its socket takes what is written must do.
    session.heardAtMs = Number.POSITIVE_INFINITY;
    raw.once('close', () => this.streams.closed(session, 1000));
    await this.streams.subscribe(session, subscribeOf(channel, { ...query, from: lastEventId || query.from }));
    if (session.subscriptions.size === 0) session.close(1000, 'the subscription was refused');
  }
}
