import { ServiceError } from '@app/kernel';
import { HttpException } from '@nestjs/common';

/** The fixed error body. */
export interface ErrorBody {
  readonly error: string;
  readonly code: string;
  readonly message: string;
  readonly timestamp: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export const PROBLEM_JSON = 'application/problem+json';

export function errorBody({ error, status, message, details }: ServiceError): ErrorBody {
  return { error, code: String(status), message, timestamp: new Date().toISOString(), ...(details ? { details } : {}) };
}

/** The same five members as extensions of a problem document (RFC 9457). */
export function problemBody(refusal: ServiceError): object {
  return {
    type: 'about:blank', title: refusal.error, status: refusal.status, detail: refusal.message, ...errorBody(refusal),
  };
}

/** What a client is told of anything that was thrown. What is not known to be its fault is an internal error. */
export function toRefusal(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const status = statusOf(thrown);
  switch (status) {
    case 404:
      return new ServiceError('ROUTE_NOT_FOUND', 'There is no such route');
    case 413:
      return new ServiceError('PAYLOAD_TOO_LARGE', 'The body has too many bytes');
    case 414:
      return new ServiceError('URI_TOO_LONG', 'The URL is too long');
    case 415:
      return new ServiceError('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json');
  }
  return status >= 400 && status < 500
    ? new ServiceError('VALIDATION_ERROR', 'The request is malformed')
    : new ServiceError('INTERNAL_ERROR', 'Something went wrong inside the service; its log has the request id');
}

/** Nest wraps some of Fastify's errors and passes others on. */
function statusOf(thrown: unknown): number {
  if (thrown instanceof HttpException) return thrown.getStatus();
  return thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number' ? thrown.statusCode : 500;
}
