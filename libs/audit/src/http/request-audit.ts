import type { IncomingMessage } from 'node:http';
import { ServiceError } from '@app/kernel';
import { parseTraceparent, requestIdOf } from '@app/observability';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AUDIT_OPTIONS, type AuditOptions } from '../audit-options.js';
import { AuditLog } from '../audit-log.js';
import type { Ending, Recorded } from '../entry.js';
import { redact, shorten } from '../redact.js';
import { credentialOf, kindOf, madeBy, noteOf, targetOf } from './request-note.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The action that this request is, once it is written down. */
    audited: Recorded | undefined;
    /** Tells of the refusal of one of many things that this request asks for. */
    itemRefused(refusal: ServiceError, item: unknown): void;
  }
}

/** What was refused to a stream: its beginning, or a subscription on it. */
export interface StreamRefusal {
  readonly refusal: ServiceError;
  /** At the beginning. */
  readonly request?: IncomingMessage;
  readonly subject?: string;
  readonly channel?: string;
}

const REFUSALS: readonly number[] = [401, 403, 422, 429];
const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** Sees every request of the service, whoever answers it, and tells the audit log of what belongs there. */
@Injectable()
export class RequestAudit {
  private actions: ReadonlyMap<string, string> = new Map();

  constructor(private readonly log: AuditLog, @Inject(AUDIT_OPTIONS) private readonly options: Pick<AuditOptions, 'errorBody'>) {}

  /**
   * Call it before the server is ready.
   * @param actions names of operations by method and route, such as `GET /api/v1/state/:aggregateType/:aggregateId`
   */
  watch(fastify: FastifyInstance, actions: ReadonlyMap<string, string>): void {
    this.actions = actions;
    const tell = (request: FastifyRequest, refusal: ServiceError, item: unknown): void => this.itemRefused(request, refusal, item);
    fastify.decorateRequest('audited');
    fastify.decorateRequest('itemRefused', function (this: FastifyRequest, refusal: ServiceError, item: unknown) {
      tell(this, refusal, item);
    });
    fastify.addHook('onSend', (request, reply, payload, done) => {
      if (request.audited) {
        this.ended(request.audited, reply, payload).then((answer) => done(null, answer), done);
        return;
      }
      if (REFUSALS.includes(reply.statusCode)) this.refused(request, reply.statusCode);
      done(null, payload);
    });
  }

  /**
   * For a request that was let in to operate the service: what changes anything is written down before it is done.
   * @throws ServiceError SERVICE_UNAVAILABLE where it cannot be
   */
  readonly operating = async (request: FastifyRequest): Promise<void> => {
    if (SAFE_METHODS.includes(request.method)) return;
    request.audited = await this.log.begin({ ...noteOf(request, this.actionOf(request)), kind: kindOf(request.routeOptions.url ?? '') });
  };

  /** A stream is no request that Fastify answers. */
  readonly streamRefused = ({ refusal, request, subject, channel }: StreamRefusal): void => {
    if (!REFUSALS.includes(refusal.status)) return;
    const path = request?.url?.split('?', 1)[0];
    const isUnknown = refusal.status === 401;
    const parameters = { ...(path !== undefined && { path }), ...(channel !== undefined && { channel }), ...(isUnknown && request && credentialOf(request.headers)) };
    const traceId = parseTraceparent(request?.headers.traceparent)?.traceId;
    const address = request?.socket.remoteAddress;
    this.log.note({
      kind: isUnknown ? 'authentication' : 'refusal', action: request ? 'openStream' : 'subscribeChannel', ...endingOf(refusal), parameters: redact(parameters),
      ...(subject !== undefined && { actor: shorten(subject, 255) }), ...(traceId !== undefined && { traceId }),
      ...(request && { requestId: requestIdOf(request) }), ...(address !== undefined && { address }),
    });
  };

  private refused(request: FastifyRequest, status: number): void {
    const { refusal } = request;
    const { parameters, ...note } = noteOf(request, this.actionOf(request));
    const said = status === 401 ? credentialOf(request.headers) : parameters; // what an unknown sender says is not kept
    this.log.note({
      ...note, ...(said && { parameters: said }), kind: status === 401 ? 'authentication' : 'refusal', outcome: 'refused', status,
      ...(refusal && { error: refusal.error, reason: shorten(refusal.message) }),
    });
  }

  private itemRefused(request: FastifyRequest, refusal: ServiceError, item: unknown): void {
    if (!REFUSALS.includes(refusal.status)) return;
    const { parameters: _all, ...note } = noteOf(request, this.actionOf(request));
    const target = targetOf(item);
    this.log.note({ ...note, ...(target && { target }), parameters: redact({ item: item as never }), kind: 'refusal', ...endingOf(refusal) });
  }

  /** What was done is not undone by an audit log that cannot be written; but it is said, and not left to be found. */
  private async ended(begun: Recorded, reply: FastifyReply, payload: unknown): Promise<unknown> {
    const { statusCode: status, request: { refusal } } = reply;
    const target = status < 300 ? madeBy(payload) : undefined;
    const isWritten = await this.log.end(begun, {
      outcome: status < 400 ? 'accepted' : status < 500 ? 'refused' : 'failed', status,
      ...(refusal && { error: refusal.error, reason: shorten(refusal.message) }), ...(target && { target: { ...begun.target, ...target } }),
    });
    if (isWritten || status >= 500) return payload;
    const message = 'this was carried out, but how it ended could not be written to the audit log: look before you ask for it again';
    const untold = new ServiceError('SERVICE_UNAVAILABLE', message, { status }, 1);
    void reply.code(untold.status).header('content-type', 'application/json; charset=utf-8').header('retry-after', '1');
    return JSON.stringify(this.options.errorBody(untold));
  }

  private actionOf({ method, routeOptions: { url = '' } }: FastifyRequest): string {
    return this.actions.get(`${method} ${url}`) ?? `${method} ${url}`;
  }
}

function endingOf({ status, error, message }: ServiceError): Ending {
  return { outcome: 'refused', status, error, reason: shorten(message) };
}
