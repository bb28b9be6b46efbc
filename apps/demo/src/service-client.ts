import { setTimeout as sleep } from 'node:timers/promises';
import { type Dispatcher, Pool } from 'undici';
import type { ToldState } from './compare.js';
import { DemoError } from './demo-error.js';
import type { GameEvent } from './input.js';

/** A request that the service puts off, or does not answer, is sent again for this long. */
const PATIENCE_MS = 120_000;

export interface ClientOptions {
  /** Where the service is, e.g. `http://127.0.0.1:8087`. */
  readonly url: string;
  readonly token: string;
  /** Requests under way at once, each on a connection of its own that is kept. */
  readonly inFlight: number;
  /** Ends the client as `close` does. */
  readonly signal?: AbortSignal;
}

/** The answer to a published event. */
export interface Published {
  readonly eventId: string;
  readonly eventVersion: number;
  readonly duplicate: boolean;
}

/** Talks to one service, with a bounded number of requests under way. */
export class ServiceClient {
  /** How long each answer took, in ms, without the wait for a free place. */
  readonly latencies: number[] = [];
  /** Requests that were sent again because the service put them off or did not answer. */
  retries = 0;
  private readonly pool: Pool;
  private readonly places: Places;
  private readonly ending = new AbortController();

  constructor(private readonly options: ClientOptions) {
    this.pool = new Pool(options.url, { connections: options.inFlight, pipelining: 1 });
    this.places = new Places(options.inFlight);
    options.signal?.addEventListener('abort', () => void this.close(), { once: true });
  }

  async publish(event: GameEvent): Promise<Published> {
    const answer = await this.send('POST', '/api/v1/events', JSON.stringify(event));
    if (answer.status !== 201) throw this.refused(answer, `event ${event.eventId}`);
    const { eventId, eventVersion } = answer.body as Omit<Published, 'duplicate'>;
    return { eventId, eventVersion, duplicate: answer.headers['idempotent-replayed'] === 'true' };
  }

  /** The current state, or `undefined` if there is none. `aggregate` is its type and id with a slash between. */
  async state(aggregate: string): Promise<ToldState | undefined> {
    const answer = await this.send('GET', `/api/v1/state/${aggregate}`);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.refused(answer, `to show ${aggregate}`);
    return answer.body as ToldState;
  }

  /** Gives its connections up; what is still under way fails. */
  async close(): Promise<void> {
    this.ending.abort();
    await this.pool.destroy();
  }

  private async send(method: Dispatcher.HttpMethod, path: string, body?: string): Promise<Answer> {
    await this.places.take();
    try {
      return await this.insist({ method, path, body });
    } finally {
      this.places.give();
    }
  }

  /** Sends again what was put off (429, 503) or got no answer; the event's id makes that safe. */
  private async insist(request: { method: Dispatcher.HttpMethod; path: string; body?: string }): Promise<Answer> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const answer = await this.once(request);
      if (!(answer instanceof Error) && answer.status !== 429 && answer.status !== 503) return answer;
      const pause = answer instanceof Error ? 1000 : retryAfterMs(answer.headers['retry-after']);
      if (this.ending.signal.aborted || performance.now() + pause > deadline) {
        throw answer instanceof Error ? nobodyAt(this.options.url, answer) : this.refused(answer, 'more');
      }
      this.retries += 1;
      await sleep(pause, undefined, { signal: this.ending.signal });
    }
  }

  private async once(request: { method: Dispatcher.HttpMethod; path: string; body?: string }): Promise<Answer | Error> {
    const headers = {
      authorization: `Bearer ${this.options.token}`, ...(request.body ? { 'content-type': 'application/json' } : {}),
    };
    const sent = performance.now();
    try {
      const response = await this.pool.request({ ...request, headers });
      const text = await response.body.text();
      if (request.method === 'POST') this.latencies.push(performance.now() - sent);
      return { status: response.statusCode, headers: response.headers, body: parsed(text) };
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  private refused({ status, body }: Answer, what: string): DemoError {
    const { error = '', message = '' } = (body ?? {}) as { error?: string; message?: string };
    const hint = status === 401 || status === 403 ? '; give one that it takes with --token' : '';
    const said = `${status} ${error} ${message}`.trim();
    return new DemoError(`The service at ${this.options.url} refuses ${hint ? 'the token' : what}: ${said}${hint}`);
  }
}

/** No service answered. */
export function nobodyAt(url: string, error: unknown): DemoError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return new DemoError(`No service answers at ${url} (${code}): start it, or correct --url`);
}

interface Answer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: unknown;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no answer of the service's own; its status tells enough
  }
}

/** Seconds or a date (RFC 9110, 10.2.3); a second where nothing is said. */
function retryAfterMs(header: string | string[] | undefined): number {
  const said = String(header ?? '1');
  const ms = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - Date.now();
  return Number.isFinite(ms) ? Math.max(ms, 0) : 1000;
}

/** So many may go on at once; the others wait in order. */
class Places {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async take(): Promise<void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((go) => this.waiting.push(go));
  }

  give(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free += 1;
  }
}
