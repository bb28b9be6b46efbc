import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastAccess } from '@app/auth';
import type { Entry, LayeredCache } from '@app/cache';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { demandsNothing } from './consistency.js';
import { isNotModified } from './preconditions.js';

const ROUTE = '/state/:aggregateType/:aggregateId';
const CACHE_CONTROL = 'private, no-cache';
const CONTENT_TYPE = 'application/json; charset=utf-8';

/** What answers before the framework lean on. */
export interface HotReadParts {
  readonly cache: LayeredCache;
  readonly access: FastAccess;
  /** False where the long way must decide: the service drains, or sheds load. */
  readonly isOpen: () => boolean;
  readonly requestIdOf: (raw: IncomingMessage) => string;
  /** Tells log and metrics, which see nothing of it themselves. */
  readonly answered: (answer: Answered) => void;
}

/** What there is to tell of an answer. */
interface Answered {
  readonly raw: IncomingMessage;
  readonly requestId: string;
  readonly startedAt: number;
  readonly route: string;
  readonly subject: string;
  readonly status: number;
}

/** Takes a request and answers it, or leaves it alone and says false. */
export type Shortcut = (raw: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Answers `GET /state/{type}/{id}` from memory before Fastify and Nest: where the URL is just that, the state is in memory and
 * the token was verified before. All else, every refusal too, goes on through Nest, which decides by the same parts.
 * @param prefix of the API, such as `/api/v1`
 */
export function hotReads(prefix: string, { cache, access, isOpen, requestIdOf, answered }: HotReadParts): Shortcut {
  const start = `${prefix}/state/`;
  const route = prefix + ROUTE;
  return (raw, response) => {
    const startedAt = performance.now();
    const { method, headers } = raw;
    const url = raw.url!;
    if (method !== 'GET' || !url.startsWith(start) || !demandsNothing(raw) || !isOpen()) return false;
    // The rest of the path is the key as it is: in another spelling, or with a query, it is simply not found.
    const key = url.slice(start.length);
    const entry = cache.peekHot(key);
    if (!entry?.live) return false;
    const slash = key.indexOf('/');
    const target = { aggregateType: key.slice(0, slash), aggregateId: key.slice(slash + 1) };
    const head = new Head();
    const principal = access.admit(headers.authorization, head, 'read', target);
    if (!principal) return false;
    cache.countHit(key, entry);
    const requestId = requestIdOf(raw);
    head.header('x-request-id', requestId);
    const status = send(raw, response, entry, head);
    answered({ raw, requestId, startedAt, route, subject: principal.subject, status });
    return true;
  };
}

/** The head of an answer as Node takes it: names and values in turn. */
class Head {
  readonly lines: string[] = [];

  header(name: string, value: string): void {
    this.lines.push(name, value);
  }
}

function send(raw: IncomingMessage, response: ServerResponse, { etag, body, bytes }: Entry, { lines }: Head): number {
  lines.push('etag', etag, 'cache-control', CACHE_CONTROL);
  if (isNotModified(raw, etag)) {
    response.writeHead(304, lines).end();
    return 304;
  }
  lines.push('content-type', CONTENT_TYPE, 'content-length', String(bytes));
  // ASCII is the same in both. As UTF-8 Node makes room for three bytes a character, and counts them first.
  response.writeHead(200, lines).end(body, bytes === body.length ? 'latin1' : 'utf8');
  return 200;
}

/** The answer to a read of a state on the long way: 200 with the body, or 304. */
export function sendState(request: FastifyRequest, reply: FastifyReply, view: { etag: string; body: string }): void {
  void reply.header('etag', view.etag).header('cache-control', CACHE_CONTROL);
  if (isNotModified(request, view.etag)) {
    void reply.code(304).send();
    return;
  }
  void reply.header('content-type', CONTENT_TYPE).send(view.body);
}
