import type { BackoffRange } from './backoff.js';
import type { TokenSource } from './credentials.js';
import type { ConnectionStatus } from './live/connection-status.js';
import type { WebSocketConstructor } from './live/web-socket.js';

/** How a client reaches the service. Times are in milliseconds. */
export interface ClientOptions {
  /** Where the service is, e.g. `https://state.example.com`; a path in front of `/api/v1` and `/ws` may follow. */
  readonly url: string;
  readonly token: TokenSource;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Default: the global one; Node has that from version 22, before it is the one of the package `ws`. */
  readonly WebSocket?: WebSocketConstructor;
  /** Reads show at least what this client wrote to the same aggregate, through any instance. Default: true. */
  readonly readYourWrites?: boolean;
  /** How long one attempt of a request may take. Default: 10,000. */
  readonly timeoutMs?: number;
  /** How often a request is sent again after it was put off (429, 503) or got no answer. Default: 4. */
  readonly retries?: number;
  /** Waits between these attempts. A `Retry-After` beyond `maxMs` is not waited for. Default: 100 to 10,000. */
  readonly backoff?: Partial<BackoffRange>;
  readonly live?: LiveOptions;
}

/** How the live connection behaves. Times are in milliseconds. */
export interface LiveOptions {
  /** `token` sends the token as a subprotocol, `ticket` buys a ticket for each connection. Default: `token`. */
  readonly auth?: 'token' | 'ticket';
  /** Waits before a lost connection is opened again. Default: 250 to 15,000. */
  readonly reconnect?: Partial<BackoffRange>;
  /** Silence after which the connection is tried with a ping. Default: 20,000. */
  readonly pingMs?: number;
  /** Silence after a ping that makes a connection a lost one; also the time that opening may take. Default: 10,000. */
  readonly pongMs?: number;
  /** Called whenever the state of the connection changes. */
  readonly onStatus?: (status: ConnectionStatus) => void;
}

/** The options with every default in place. */
export interface Settings {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly WebSocket: WebSocketConstructor | undefined;
  readonly readYourWrites: boolean;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly backoff: BackoffRange;
  readonly live: Required<Omit<LiveOptions, 'reconnect'>> & { readonly reconnect: BackoffRange };
}

export function settingsOf(options: ClientOptions): Settings {
  const { live = {} } = options;
  return {
    url: options.url.replace(/\/+$/, ''),
    // Not taken by reference: browsers refuse a fetch that is called as a method of another object.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    WebSocket: options.WebSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket,
    readYourWrites: options.readYourWrites ?? true,
    timeoutMs: options.timeoutMs ?? 10_000,
    retries: options.retries ?? 4,
    backoff: { minMs: 100, maxMs: 10_000, ...options.backoff },
    live: {
      auth: live.auth ?? 'token',
      reconnect: { minMs: 250, maxMs: 15_000, ...live.reconnect },
      pingMs: live.pingMs ?? 20_000,
      pongMs: live.pongMs ?? 10_000,
      onStatus: live.onStatus ?? (() => undefined),
    },
  };
}
