/**
 * Every refusal a client can meet: the stable word in `error` of the body, and its HTTP status.
 * Words are part of the contract; a new one may be added, none changes its meaning.
 */
export const ERROR_STATUS = {
  VALIDATION_ERROR: 400,
  MALFORMED_JSON: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  STATE_NOT_FOUND: 404,
  ROUTE_NOT_FOUND: 404,
  REVOCATION_NOT_FOUND: 404,
  ROLLBACK_NOT_FOUND: 404,
  OPERATION_NOT_FOUND: 404,
  FLAG_NOT_FOUND: 404,
  QUARANTINE_NOT_FOUND: 404,
  DEAD_LETTER_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  VERSION_CONFLICT: 409,
  STALE_PREVIEW: 409,
  OPERATION_CONFLICT: 409,
  FLAG_RESOLVED: 409,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  UNSUPPORTED_MEDIA_TYPE: 415,
  IDEMPOTENCY_KEY_REUSED: 422,
  EVENT_ID_REUSED: 422,
  INVALID_OPERATION: 422,
  RULE_VIOLATION: 422,
  RATE_LIMITED: 429,
  HEADERS_TOO_LARGE: 431,
  INTERNAL_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
} as const;

export type ErrorWord = keyof typeof ERROR_STATUS;

/**
 * A refusal with a stable word. Thrown anywhere, turned into the fixed error body at the HTTP door.
 * `message` and `details` reach the client: no SQL, path or stack belongs in them.
 */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';

  constructor(
    readonly error: ErrorWord,
    message: string,
    readonly details?: Readonly<Record<string, unknown>>,
    /** Seconds after which the same request may succeed; sent as `Retry-After`. */
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
  }

  /** The HTTP status of this refusal. */
  get status(): number {
    return ERROR_STATUS[this.error];
  }
}
