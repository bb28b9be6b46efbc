import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyBaseLogger } from 'fastify';
import { excerpt } from '../log/printable.js';
import type { Exchange } from './exchange.js';
import { correlationIdOf } from './request-ids.js';
import { parseTraceparent } from './trace-context.js';

/** The status of a request whose client left before its answer, as nginx has it. */
export const CLIENT_LEFT = 499;

const URL_LIMIT = 200;
const SUBJECT_LIMIT = 255;
const REASON_LIMIT = 500;

interface Ended {
  readonly raw: IncomingMessage;
  readonly exchange: Exchange;
  readonly route: string | undefined;
  readonly status: number;
  readonly ms: number;
}

/** One record for each request that was refused; the others only at `debug`. */
export class RequestLog {
  constructor(private readonly logger: FastifyBaseLogger) {}

  ended(outcome: Ended): void {
    const { status } = outcome;
    if (status >= 500) this.logger.error(record(outcome), 'request failed');
    else if (status >= 400 && status !== CLIENT_LEFT) this.logger.warn(record(outcome), 'request refused');
    else if (this.logger.level === 'debug' || this.logger.level === 'trace') {
      this.logger.debug(record(outcome), status === CLIENT_LEFT ? 'client left' : 'request answered');
    }
  }

  /** What came on the socket was no HTTP, or came too slowly. A peer that just went away is no news. */
  unparsed(error: Error & { code?: string }, socket: Duplex): void {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const remoteAddress = socket instanceof Socket ? socket.remoteAddress : undefined;
    this.logger.warn({ code: error.code, remoteAddress }, 'connection dropped');
  }
}

function record({ raw, exchange: { request, requestId }, route, status, ms }: Ended): Record<string, unknown> {
  const subject = request?.user?.subject;
  const refusal = request?.refusal;
  return {
    method: raw.method,
    url: excerpt(raw.url ?? '', URL_LIMIT),
    route,
    status,
    error: refusal?.error,
    reason: refusal && excerpt(refusal.message, REASON_LIMIT),
    durationMs: Math.round(ms * 10) / 10,
    requestId,
    traceId: parseTraceparent(raw.headers.traceparent)?.traceId,
    correlationId: correlationIdOf(raw),
    subject: subject === undefined ? undefined : excerpt(subject, SUBJECT_LIMIT),
    err: refusal?.cause,
  };
}
