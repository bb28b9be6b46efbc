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
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ServiceError('PAYLOAD_TOO_LARGE', 'The body has too many bytes');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ServiceError('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new ServiceError('VALIDATION_ERROR', 'Content-Length is not the length of the body');
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new ServiceError('VALIDATION_ERROR', 'The URL is malformed');
  }
  const status = thrown instanceof HttpException ? thrown.getStatus() : statusOf(thrown);
  if (status === 404) return new ServiceError('ROUTE_NOT_FOUND', 'There is no such route');
  if (status >= 400 && status < 500) return new ServiceError('VALIDATION_ERROR', 'The request is malformed');
  return new ServiceError('INTERNAL_ERROR', 'Something went wrong inside the service; its log has the request id');
}

function statusOf(thrown: unknown): number {
  return thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number' ? thrown.statusCode : 500;
}
