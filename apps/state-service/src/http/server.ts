import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isUploading, MAX_BATCH } from '@app/game-state';
import { BATCH_JSON_LIMITS, JSON_LIMITS, type JsonLimits, parseStrictJson, ServiceError } from '@app/kernel';
import { loggerOptions } from '@app/observability';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Config } from '../config.js';
import { errorBody } from './error-body.js';
import type { FrontDoor } from './front-door.js';
import { refuse } from './error.filter.js';

const BATCH_ROUTE = '/api/v1/events/batch';
const JSON_TYPES = ['application/json', 'application/merge-patch+json'];

const BATCH_LIMITS: JsonLimits = { ...BATCH_JSON_LIMITS, items: { ...BATCH_JSON_LIMITS.items!, maxCount: MAX_BATCH } };

/** Time to receive a whole request, in ms. */
const REQUEST_TIMEOUT = 15_000;
/** How often, in ms, requests are looked at for that. */
const TIMEOUT_CHECK = 1000;
const MAX_HEADER_BYTES = 16 * 1024;

/** Fastify with our limits, strict JSON and the one error body, also for what never reaches a route. */
export function createAdapter(config: Pick<Config, 'logLevel'>, door: FrontDoor): FastifyAdapter {
  const adapter = new FastifyAdapter({
    serverFactory: door.serve,
    skipMiddie: true, // no middleware is used, and its hook would look at every URL
    logger: loggerOptions(config.logLevel, { pretty: process.stdout.isTTY }),
    // Requests are logged by libs/observability.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: JSON_LIMITS.maxBytes,
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: 65_000, // longer than the idle time of usual load balancers, which must be the first to close
    forceCloseConnections: 'idle',
    http: { maxHeaderSize: MAX_HEADER_BYTES, connectionsCheckingInterval: TIMEOUT_CHECK },
    clientErrorHandler: answerUnparsed,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => refuse(error, request, reply),
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  fastify.addHook('onRoute', (route) => {
    if (route.url === BATCH_ROUTE) route.bodyLimit = BATCH_JSON_LIMITS.maxBytes;
  });
  parseJsonStrictly(fastify);
  passStreams(fastify);
  return adapter;
}

function parseJsonStrictly(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<Buffer>(JSON_TYPES, { parseAs: 'buffer' }, (request, body, done) => {
    try {
      refuseCompressed(request);
      // Many clients name a content type also where they send no body, as with DELETE.
      const limits = request.routeOptions.url === BATCH_ROUTE ? BATCH_LIMITS : JSON_LIMITS;
      done(null, body.length === 0 ? undefined : parseStrictJson(body, limits));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

/** A stream of events is not read here: the route does that, line by line, once it knows who sends it. */
function passStreams(fastify: FastifyInstance): void {
  fastify.addContentTypeParser('application/x-ndjson', (request, upload, done) => {
    try {
      refuseCompressed(request);
      if (request.routeOptions.url === BATCH_ROUTE) done(null, upload);
      else throw new ServiceError('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json');
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

function refuseCompressed(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return;
  throw new ServiceError('UNSUPPORTED_MEDIA_TYPE', 'Compressed bodies are not taken', { encoding });
}

/** Whether this is only the timeout for requests, on an upload that has a watch of its own. */
export function isLongUpload(error: { code?: string }, socket: Duplex): boolean {
  return error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && isUploading(socket);
}

/** What Node could not parse as HTTP: there is no request yet, only a socket. */
function answerUnparsed(error: Error & { code?: string }, socket: Socket): void {
  if (isLongUpload(error, socket)) return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = unparsedRefusal(error.code);
  const body = JSON.stringify(errorBody(refusal));
  socket.end(`HTTP/1.1 ${refusal.status} ${refusal.error}\r\ncontent-type: application/json; charset=utf-8\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
}

function unparsedRefusal(code: string | undefined): ServiceError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new ServiceError('HEADERS_TOO_LARGE', `The headers have more than ${MAX_HEADER_BYTES} bytes`);
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new ServiceError('REQUEST_TIMEOUT', `The request took longer than ${REQUEST_TIMEOUT / 1000} s to arrive`);
  }
  return new ServiceError('VALIDATION_ERROR', 'This is not an HTTP request');
}
