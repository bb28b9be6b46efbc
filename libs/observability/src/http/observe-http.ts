import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Metrics } from '../metrics.js';
import { exchangeOf } from './exchange.js';
import { CLIENT_LEFT, RequestLog } from './request-log.js';
import { correlationIdOf } from './request-ids.js';
import { parseTraceparent, type Trace } from './trace-context.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Sockets that are open now, those upgraded to a WebSocket among them. */
    openConnections(): number;
  }

  interface FastifyRequest {
    /** From a valid `traceparent` header. */
    readonly trace: Trace | undefined;
    /** From an `X-Correlation-Id` header that is a UUID, in lower case. */
    readonly correlationId: string | undefined;
    /** Set by whoever refuses the request: what the log line about it says. */
    refusal: Refusal | undefined;
  }
}

/** Why a request was refused, for the log. `cause` never reaches the client. */
export interface Refusal {
  readonly error: string;
  readonly message: string;
  readonly cause?: unknown;
}

/**
 * Makes a Fastify server tell what it does. Call it before `init()`.
 *
 * - Every request has an id, `x-request-id` if that is 1 to 128 visible ASCII characters, else a UUID, and the response
 *   carries it; `request.trace` (W3C Trace Context) and `request.correlationId` are there for handlers.
 * - Every response is measured by route pattern. A client that left before its answer counts as status 499.
 * - Every refusal (status 400 and up), also one before routing, is one record of the log: `warn` for 4xx, `error` for
 *   5xx; the rest is `debug`. What Node.js cannot parse as HTTP is a `warn`, with the code of the error.
 * - `fastify.openConnections()` counts sockets, and `gss_http_open_connections` shows them.
 *
 * Fastify's own request logging must be off: `logController: new LogController({ disableRequestLogging: true })`.
 */
export function observeHttp(fastify: FastifyInstance, metrics: Metrics): void {
  const log = new RequestLog(fastify.log);
  const end = (raw: IncomingMessage, response: ServerResponse) => {
    const exchange = exchangeOf(raw);
    if (exchange.ended) return;
    exchange.ended = true;
    const { request, startedAt } = exchange;
    const status = response.headersSent ? response.statusCode : CLIENT_LEFT;
    const ms = performance.now() - startedAt;
    const route = routeOf(request);
    metrics.requestObserved({ method: raw.method ?? '', route: route ?? UNROUTED, status, seconds: ms / 1000 });
    log.ended({ raw, exchange, route, status, ms });
  };
  countSockets(fastify, metrics);
  decorateRequests(fastify);
  fastify.addHook('onRequest', (request, _reply, done) => {
    exchangeOf(request.raw).request = request;
    done();
  });
  // Not in onRequest, which a hook before ours can cut short.
  fastify.addHook('onSend', (request, reply, payload, done) => {
    void reply.header('x-request-id', request.id);
    done(null, payload);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    exchangeOf(request.raw).request = request;
    end(request.raw, reply.raw);
    done();
  });
  // Fastify has no onResponse for a client that left, nor for what it refuses before routing.
  fastify.server.on('request', (raw, response) => response.once('close', () => end(raw, response)));
  fastify.server.prependListener('clientError', (error, socket) => log.unparsed(error, socket));
}

const UNROUTED = 'unknown';

function routeOf(request: FastifyRequest | undefined): string | undefined {
  return request?.is404 === false ? request.routeOptions.url : undefined;
}

function decorateRequests(fastify: FastifyInstance): void {
  fastify.setGenReqId((raw) => exchangeOf(raw).requestId);
  fastify.decorateRequest('refusal');
  fastify.decorateRequest('trace', {
    getter(this: FastifyRequest) {
      return parseTraceparent(this.raw.headers.traceparent);
    },
  });
  fastify.decorateRequest('correlationId', {
    getter(this: FastifyRequest) {
      return correlationIdOf(this.raw);
    },
  });
}

function countSockets(fastify: FastifyInstance, metrics: Metrics): void {
  const open = new Set<Socket>();
  const track = (socket: Socket) => {
    if (open.has(socket)) return;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  };
  fastify.server.on('connection', track);
  // For the host `localhost` Fastify binds a second server, whose sockets show only with their requests. The sockets of
  // `inject()` are none.
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (request.raw.socket instanceof Socket) track(request.raw.socket);
    done();
  });
  const count = () => open.size;
  fastify.decorate('openConnections', count);
  metrics.gauge('http_open_connections', 'Open sockets, HTTP and WebSocket.', count);
}
