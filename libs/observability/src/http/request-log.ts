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

/** A flood of refusals must not become the load: the rest of a second's is one record. */
const SHED_RECORDS_A_SECOND = 10;

/** One record for each request that was refused; the others only at `debug`. */
export class RequestLog {
  private shedLogged = 0;
  private readonly shedCounted = new Map<string, number>();
  private second: NodeJS.Timeout | undefined;

  constructor(private readonly logger: FastifyBaseLogger) {}

  /** Whether also what is no refusal is told. */
  get isVerbose(): boolean {
    const { level } = this.logger;
    return level === 'debug' || level === 'trace';
  }

  ended(outcome: Ended): void {
    const { status } = outcome;
    const shed = outcome.exchange.request?.refusal?.shed;
    if (shed !== undefined && this.isOneTooMany(shed)) return;
    if (status >= 500) this.logger.error(record(outcome), 'request failed');
    else if (status >= 400 && status !== CLIENT_LEFT) this.logger.warn(record(outcome), 'request refused');
    else if (this.isVerbose) {
      this.logger.debug(record(outcome), status === CLIENT_LEFT ? 'client left' : 'request answered');
    }
  }

  /** Says how many shed requests were not logged one by one. */
  summarize(): void {
    clearTimeout(this.second);
    this.second = undefined;
    this.shedLogged = 0;
    if (this.shedCounted.size === 0) return;
    this.logger.error({ notLogged: Object.fromEntries(this.shedCounted) }, 'more requests shed');
    this.shedCounted.clear();
  }

  private isOneTooMany(reason: string): boolean {
    this.second ??= setTimeout(() => this.summarize(), 1000).unref();
    if (this.shedLogged < SHED_RECORDS_A_SECOND) {
      this.shedLogged += 1;
      return false;
    }
    this.shedCounted.set(reason, (this.shedCounted.get(reason) ?? 0) + 1);
    return true;
  }

  /** What came on the socket was no HTTP, or came too slowly. A peer that just went away is no news. */
  unparsed(error: Error & { code?: string }, socket: Duplex): void {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const remoteAddress = socket instanceof Socket ? socket.remoteAddress : undefined;
    this.logger.warn({ code: error.code, remoteAddress }, 'connection dropped');
  }
}

function record({ raw, exchange: { request, subject: early, requestId }, route, status, ms }: Ended): Record<string, unknown> {
  const subject = early ?? request?.user?.subject;
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
