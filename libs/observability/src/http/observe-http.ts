import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify';
import type { Metrics } from '../metrics.js';
import { exchangeOf } from './exchange.js';
import { CLIENT_LEFT, RequestLog } from './request-log.js';
import { RequestLogger } from './request-logger.js';
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
  /** Why load was shed, if that is what this is. Of many such refusals in a second, most are only counted. */
  readonly shed?: string;
}

/** A request that was answered before Fastify saw it. */
export interface EarlyAnswer {
  readonly raw: IncomingMessage;
  readonly requestId: string;
  /** On the monotonic clock, in ms. */
  readonly startedAt: number;
  readonly route: string;
  readonly subject: string;
  readonly status: number;
}

/** For what stands before Fastify, whose hooks tell nothing of it. */
export interface HttpWatch {
  /** A socket of any server that has Fastify's handler. */
  readonly opened: (socket: Socket) => void;
  /** A request that goes on to Fastify. */
  readonly begin: (raw: IncomingMessage, response: ServerResponse) => void;
  readonly answered: (answer: EarlyAnswer) => void;
}

/** Tells of an error that Node's HTTP parser found on a socket. */
type IsExpected = (error: Error & { code?: string }, socket: Duplex) => boolean;

/**
 * Makes a Fastify server tell what it does. Call it before `init()`.
 *
 * - Every request has an id, `x-request-id` if that is 1 to 128 visible ASCII characters, else a UUID, and the response
 *   carries it; `request.trace` (W3C Trace Context) and `request.correlationId` are there for handlers.
 * - Every response is measured by route pattern. A client that left before its answer counts as status 499.
 * - Every refusal (status 400 and up), also one before routing, is one record of the log: `warn` for 4xx, `error` for
 *   5xx; the rest is `debug`. Of requests that were shed, ten a second are logged one by one, and how many more there
 *   were is one record a second. What Node.js cannot parse as HTTP is a `warn`, with the code of the error.
 * - `fastify.openConnections()` counts sockets, and `gss_http_open_connections` shows them.
 *
 * Fastify's own request logging must be off: `logController: new LogController({ disableRequestLogging: true })`.
 *
 * Returns the watch for what stands before Fastify, if anything does.
 *
 * @param isExpected whether an error of Node's parser costs the connection nothing, and is no news
 */
export function observeHttp(fastify: FastifyInstance, metrics: Metrics, isExpected: IsExpected = () => false): HttpWatch {
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
  const track = countSockets(fastify, metrics);
  decorateRequests(fastify);
  fastify.setChildLoggerFactory((logger, bindings, options) => new RequestLogger(logger, bindings, options) as FastifyBaseLogger);
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
  // One function for all responses: a closure and its `once` for each would cost more than the rest of this.
  function closed(this: ServerResponse): void {
    end(this.req, this);
  }
  fastify.addHook('onClose', (_instance, done) => {
    log.summarize();
    done();
  });
  fastify.server.prependListener('clientError', (error, socket) => {
    if (!isExpected(error, socket)) log.unparsed(error, socket);
  });
  return {
    opened: track,
    begin: (_raw, response) => response.on('close', closed),
    answered: (answer) => {
      const { raw, route, status, startedAt } = answer;
      const ms = performance.now() - startedAt;
      metrics.requestObserved({ method: raw.method ?? '', route, status, seconds: ms / 1000 });
      if (log.isVerbose) log.ended({ raw, exchange: { ...answer, ended: true }, route, status, ms });
    },
  };
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

/** Counts the sockets of the server, and those that the function it returns is told of. */
function countSockets(fastify: FastifyInstance, metrics: Metrics): (socket: Socket) => void {
  const open = new Set<Socket>();
  const track = (socket: Socket) => {
    if (open.has(socket)) return;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  };
  fastify.server.on('connection', track);
  const count = () => open.size;
  fastify.decorate('openConnections', count);
  metrics.gauge('http_open_connections', 'Open sockets, HTTP and WebSocket.', count);
  return track;
}
