import type { Principal } from '@app/auth';
import type { EventContext, JsonObject } from '@app/kernel';
import type { FastifyRequest } from 'fastify';

/** What the application's HTTP hooks found in the headers of a request. */
interface Traced {
  readonly trace?: { readonly traceId: string; readonly parentSpanId: string; readonly sampled: boolean };
  readonly correlationId?: string;
}

/** What a body says of the context of its events. */
export interface GivenContext extends Omit<EventContext, 'actor'> {
  readonly userId?: string;
}

/**
 * Who and what stands behind a command. Without a correlation id in the body it is the header's, else the trace's: a trace id
 * is 16 bytes, as a UUID is. `traceparent` is kept in the metadata, where one came.
 */
export function contextOf(request: FastifyRequest, principal: Principal, given: GivenContext): EventContext {
  const { trace, correlationId } = request as FastifyRequest & Traced;
  const { userId, metadata, ...rest } = given;
  const added: JsonObject = {
    ...(userId === undefined ? {} : { userId }),
    ...(trace ? { traceparent: `00-${trace.traceId}-${trace.parentSpanId}-${trace.sampled ? '01' : '00'}` } : {}),
  };
  return {
    ...rest,
    actor: principal.subject,
    correlationId: rest.correlationId ?? correlationId ?? (trace && toUuid(trace.traceId)),
    metadata: Object.keys(added).length > 0 ? { ...metadata, ...added } : metadata,
  };
}

function toUuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
