import { isJsonObject, type JsonObject } from './json.js';

/** A refusal of the service. `error` is a stable word, e.g. `VERSION_CONFLICT`; `message` is for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** The HTTP status. */
    readonly status: number,
    readonly error: string,
    message: string,
    readonly details: JsonObject | undefined,
    /** Seconds after which the same request may succeed, where the service said so. */
    readonly retryAfter: number | undefined,
  ) {
    super(message);
  }

  /** Reads the fixed error body; what is not one, such as a page of a proxy, becomes the word `UNEXPECTED_ANSWER`. */
  static of(status: number, headers: Headers, text: string): ApiError {
    const body = parsed(text);
    const { error, message, details } = isJsonObject(body) ? body : {};
    return new ApiError(
      status,
      typeof error === 'string' ? error : 'UNEXPECTED_ANSWER',
      typeof message === 'string' ? message : `HTTP status ${status}`,
      isJsonObject(details) ? details : undefined,
      secondsOf(headers.get('retry-after')),
    );
  }
}

/** No answer came: the network, a time limit, or the connection broke. Whether a write took effect is not known. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** The service ended a subscription for good. `code` is that of the error message, or of the close of the connection. */
export class StreamError extends Error {
  override readonly name = 'StreamError';

  constructor(readonly error: string, readonly code: string, message: string) {
    super(message);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told apart by the caller: it is not the service's error body
  }
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function secondsOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
