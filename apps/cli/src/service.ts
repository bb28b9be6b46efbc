import { ApiError, type CallOptions, type Client, ConnectionError, createClient, StreamError } from '@app/client';
import { WebSocket } from 'ws';
import { CliError } from './cli-error.js';
import type { Environment } from './environment.js';
import { tokenFor } from './token.js';

/** Refusals that say that something about the request's sender is wrong, not about what was asked for. */
const COULD_NOT_ASK = new Set([400, 401, 429]);

/** The running service. */
export class Service {
  private made: Client | undefined;

  constructor(private readonly environment: Environment) {}

  get client(): Client {
    return (this.made ??= createClient({
      url: this.url, token: () => tokenFor(this.environment), WebSocket, retries: 1, readYourWrites: false, timeoutMs: 60_000,
    }));
  }

  /** @throws CliError where GSS_URL is none */
  get url(): string {
    const { serviceUrl } = this.environment;
    if (URL.canParse(serviceUrl) && /^https?:$/.test(new URL(serviceUrl).protocol)) return serviceUrl;
    throw new CliError(`GSS_URL takes an address such as http://127.0.0.1:8087, not ${serviceUrl}`);
  }

  get<Body>(path: string, query: object = {}): Promise<Body> {
    return this.client.send('GET', path, { query }) as Promise<Body>;
  }

  /** Never sent again by itself: not every one of these is safe to repeat. */
  post<Body>(path: string, body: object = {}, options: CallOptions = {}): Promise<Body> {
    return this.client.send('POST', path, { ...options, body, retries: 0 }) as Promise<Body>;
  }

  close(): void {
    this.made?.close();
  }
}

/** What went wrong with the service in one line, and the exit code that it means; undefined for another kind of error. */
export function explainService(error: unknown, url: string): { line: string; exitCode: 1 | 2 } | undefined {
  if (error instanceof ConnectionError) return { line: `No service answers at ${url}: start it with npm start, or set GSS_URL`, exitCode: 2 };
  if (error instanceof StreamError) return { line: `The service ended the stream: ${error.error}: ${error.message}`, exitCode: 1 };
  if (!(error instanceof ApiError)) return undefined;
  const { status, error: word, message } = error;
  if (status === 401) return { line: `The service refused the token: ${message}; set GSS_TOKEN to a valid one`, exitCode: 2 };
  if (status === 403) return { line: `${word}: ${message}; set GSS_TOKEN to a token of an operator`, exitCode: 1 };
  if (word === 'ROUTE_NOT_FOUND') return { line: `The service at ${url} does not know this: it is of another version`, exitCode: 2 };
  if (word === 'UNEXPECTED_ANSWER') return { line: `What answers at ${url} is not this service (${message}): correct GSS_URL`, exitCode: 2 };
  return { line: `${word}: ${message}`, exitCode: status >= 500 || COULD_NOT_ASK.has(status) ? 2 : 1 };
}
