import { delay, fullJitter } from '../backoff.js';
import type { Credentials } from '../credentials.js';
import { ApiError, ConnectionError } from '../errors.js';
import type { Settings } from '../options.js';

/** One request, to be sent once or more often. */
export interface Call {
  readonly method: string;
  /** Below the service's address, with the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  /** How often it may be sent again: 0 for what must not happen twice. Default: as the client was told. */
  readonly retries?: number;
}

export interface Answer {
  readonly headers: Headers;
  /** Parsed JSON; the text as it is where the type is another one; undefined where there is none. */
  readonly body: unknown;
}

/** What a proxy or the service says of a request that may succeed a moment later. */
const PUT_OFF = new Set([429, 502, 503, 504]);

/** Sends requests: with the token, within a time limit, and again where that can help. */
export class Transport {
  constructor(private readonly settings: Settings, private readonly credentials: Credentials) {}

  /**
   * @throws ApiError for a refusal
   * @throws ConnectionError if no attempt got an answer
   */
  async send(call: Call): Promise<Answer> {
    const { retries = this.settings.retries, signal } = call;
    let mayRenewToken = true;
    for (let attempt = 0; ; attempt += 1) {
      const token = await this.credentials.token();
      try {
        return await this.attempt(call, token);
      } catch (error) {
        if (error instanceof ApiError && error.status === 401 && mayRenewToken && this.credentials.refuse(token)) {
          mayRenewToken = false;
          continue; // refused before it was looked at: sending it again is safe
        }
        const pause = attempt < retries ? this.pauseAfter(error, attempt) : undefined;
        if (pause === undefined) throw error;
        await delay(pause, signal);
      }
    }
  }

  /** How long to wait before the next attempt; undefined if there should be none. */
  private pauseAfter(error: unknown, attempt: number): number | undefined {
    const { backoff } = this.settings;
    const jitter = fullJitter(attempt, backoff);
    if (error instanceof ConnectionError) return jitter;
    if (!(error instanceof ApiError) || !PUT_OFF.has(error.status)) return undefined;
    const told = (error.retryAfter ?? 0) * 1000;
    return told <= backoff.maxMs ? told + jitter : undefined;
  }

  private async attempt({ method, path, headers, body, signal }: Call, token: string): Promise<Answer> {
    signal?.throwIfAborted();
    const { url, timeoutMs } = this.settings;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new ConnectionError(`no answer within ${timeoutMs} ms`)), timeoutMs);
    // Not AbortSignal.any: signals that outlive many requests would gather what it leaves behind.
    const aborted = (): void => limit.abort(signal?.reason);
    signal?.addEventListener('abort', aborted, { once: true });
    try {
      const response = await this.settings.fetch(`${url}${path}`, {
        method, body, headers: { ...headers, authorization: `Bearer ${token}` }, signal: limit.signal,
      });
      const text = await response.text();
      if (!response.ok) throw ApiError.of(response.status, response.headers, text);
      return { headers: response.headers, body: bodyOf(response.headers, text) };
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (error instanceof ApiError || error instanceof ConnectionError) throw error;
      if (limit.signal.aborted) throw limit.signal.reason;
      throw new ConnectionError(`${method} ${path} got no answer`, { cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    }
  }
}

function bodyOf(headers: Headers, text: string): unknown {
  if (text === '') return undefined;
  return headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
}
