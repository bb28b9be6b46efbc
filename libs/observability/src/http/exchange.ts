import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { requestIdOf } from './request-ids.js';

const EXCHANGE = Symbol('exchange');

declare module 'node:http' {
  interface IncomingMessage {
    [EXCHANGE]?: Exchange;
  }
}

/** One request and its response, from the first sight of the one to the end of the other. */
export interface Exchange {
  readonly requestId: string;
  /** Milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** Absent where Fastify refused the request before it was one: a malformed URL, say. */
  request?: FastifyRequest;
  /** Who asked, where Fastify never saw the request. */
  readonly subject?: string;
  ended: boolean;
}

/** The exchange that a raw request belongs to. It begins when it is first asked for. */
export function exchangeOf(raw: IncomingMessage): Exchange {
  return raw[EXCHANGE] ??= { requestId: requestIdOf(raw), startedAt: performance.now(), ended: false };
}
