import { StreamError } from '../errors.js';
import type { ClientMessage, ServerMessage } from './protocol.js';
import type { WebSocketConstructor, WebSocketLike } from './web-socket.js';

/** How a socket ended. `opened`: whether it had been open. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
  readonly opened: boolean;
}

export interface SocketEvents {
  opened(): void;
  received(message: ServerMessage): void;
  /** Once, unless the socket was closed by `close`. */
  lost(closed: Closed): void;
}

export interface Address {
  readonly url: string;
  readonly protocols: string[];
}

export interface Pulse {
  readonly pingMs: number;
  readonly pongMs: number;
}

/** The close code of a connection that ended without one (RFC 6455, 7.1.5). */
const ABNORMAL = 1006;

/** One WebSocket. It notices when the other side is gone without a word. */
export class Socket {
  private readonly socket: WebSocketLike;
  private readonly pulse: Pulse;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private opened = false;
  private ended = false;
  private pings = 0;

  constructor(
    WebSocket: WebSocketConstructor, { url, protocols }: Address, pulse: Pulse, private readonly events: SocketEvents,
  ) {
    this.pulse = pulse;
    this.socket = opened(WebSocket, url, protocols);
    this.socket.addEventListener('open', () => this.onOpen());
    this.socket.addEventListener('message', ({ data }) => this.onMessage(data));
    this.socket.addEventListener('close', ({ code, reason }) => this.end({ code: code ?? ABNORMAL, reason: reason ?? '' }));
    // An error says nothing that the close after it does not; without a listener the package `ws` would throw it.
    this.socket.addEventListener('error', () => undefined);
    this.timer = setTimeout(() => this.giveUp('did not open in time'), pulse.pongMs);
  }

  send(message: ClientMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  close(): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.socket.close(1000);
  }

  private onOpen(): void {
    if (this.ended) return;
    this.opened = true;
    this.listen();
    this.events.opened();
  }

  private onMessage(data: unknown): void {
    if (this.ended) return;
    this.listen(); // any message is a sign of life: a PONG may wait behind a long replay
    const message = messageOf(data);
    if (message) this.events.received(message);
    else this.giveUp('sent what is no message');
  }

  private listen(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ping(), this.pulse.pingMs);
  }

  private ping(): void {
    this.send({ action: 'ping', id: `ping-${(this.pings += 1)}` });
    this.timer = setTimeout(() => this.giveUp('does not answer'), this.pulse.pongMs);
  }

  /** Does not wait for the close handshake: with a dead peer that takes as long as the operating system likes. */
  private giveUp(reason: string): void {
    this.end({ code: ABNORMAL, reason });
    this.socket.close(4000, reason);
  }

  private end(closed: Omit<Closed, 'opened'>): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    this.events.lost({ ...closed, opened: this.opened });
  }
}

/** @throws StreamError for what no server was asked about: waiting does not mend an address */
function opened(WebSocket: WebSocketConstructor, url: string, protocols: string[]): WebSocketLike {
  try {
    return new WebSocket(url, protocols);
  } catch (error) {
    throw new StreamError('UNUSABLE_ADDRESS', 'none', String(error));
  }
}

function messageOf(data: unknown): ServerMessage | undefined {
  try {
    const message = JSON.parse(String(data)) as ServerMessage | null;
    return typeof message?.messageType === 'string' ? message : undefined;
  } catch {
    return undefined; // the caller gives the connection up for it
  }
}
