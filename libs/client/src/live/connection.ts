import { delay, fullJitter } from '../backoff.js';
import type { Credentials } from '../credentials.js';
import { ApiError, StreamError } from '../errors.js';
import type { Settings } from '../options.js';
import { type Addresses, isFinal } from './address.js';
import { reactionTo } from './close-codes.js';
import type { ClientMessage, ServerMessage } from './protocol.js';
import { type Closed, Socket } from './socket.js';
import type { Carrier, Subscription } from './subscription.js';
import type { WebSocketConstructor } from './web-socket.js';

export interface Surroundings {
  readonly settings: Settings;
  readonly credentials: Credentials;
  readonly addresses: Addresses;
  readonly WebSocket: WebSocketConstructor;
}

/** One WebSocket after another, for subscriptions to different channels. Open as long as there is one. */
export class Connection implements Carrier {
  private readonly subscriptions = new Map<string, Subscription>();
  private socket: Socket | undefined;
  private isOpen = false;
  /** Of the attempts to connect that are under way; undefined while nobody needs a connection. */
  private running: AbortController | undefined;
  /** Connections in a row that ended before anything was of use on them. */
  private failures = 0;
  private ids = 0;
  private token: string | undefined;

  constructor(private readonly around: Surroundings, private readonly onIdle: (connection: Connection) => void) {}

  carries(channel: string): boolean {
    return this.subscriptions.has(channel);
  }

  add(subscription: Subscription): void {
    this.subscriptions.set(subscription.channel, subscription);
    if (this.isOpen) return subscription.connected();
    if (!this.running) this.start();
  }

  send(message: ClientMessage): boolean {
    if (this.isOpen) this.socket?.send(message);
    return this.isOpen;
  }

  nextId(): string {
    return String((this.ids += 1));
  }

  caughtUp(): void {
    this.failures = 0;
  }

  release(subscription: Subscription): void {
    if (this.subscriptions.get(subscription.channel) !== subscription) return;
    this.subscriptions.delete(subscription.channel);
    if (this.subscriptions.size > 0) return subscription.leave();
    this.running?.abort();
    this.running = undefined;
    this.isOpen = false;
    this.socket?.close();
    this.socket = undefined;
    this.around.settings.live.onStatus({ state: 'closed' });
    this.onIdle(this);
  }

  /** Ends every watch, as if each consumer had left. */
  closeAll(): void {
    for (const subscription of [...this.subscriptions.values()]) void subscription.return();
  }

  private failAll(error: unknown): void {
    for (const subscription of [...this.subscriptions.values()]) subscription.fail(error);
  }

  private start(): void {
    this.running = new AbortController();
    void this.connect(this.running.signal, 0, false);
  }

  /** Never rejects: what cannot be mended ends the subscriptions. */
  private async connect(signal: AbortSignal, waitMs: number, explain: boolean): Promise<void> {
    try {
      if (waitMs > 0) await delay(waitMs, signal);
      this.around.settings.live.onStatus({ state: 'connecting' });
      const address = await this.around.addresses.next(explain);
      if (signal.aborted) return;
      this.token = address.token;
      this.open(signal, address);
    } catch (error) {
      if (signal.aborted) return; // nobody needs the connection any more
      if (isFinal(error)) return this.failAll(error);
      const told = error instanceof ApiError ? (error.retryAfter ?? 0) * 1000 : 0;
      this.retry(signal, told + this.backoff(), { code: 1006, reason: String(error), opened: false });
    }
  }

  private open(signal: AbortSignal, address: { url: string; protocols: string[] }): void {
    const { WebSocket, settings } = this.around;
    this.socket = new Socket(WebSocket, address, settings.live, {
      opened: () => {
        this.isOpen = true;
        settings.live.onStatus({ state: 'open' });
        for (const subscription of this.subscriptions.values()) subscription.connected();
      },
      received: (message) => this.receive(message),
      lost: (closed) => this.lost(signal, closed),
    });
  }

  private receive(message: ServerMessage): void {
    if (message.messageType === 'ERROR') return this.refused(message);
    if (message.messageType !== 'PONG') this.subscriptions.get(message.channel)?.receive(message);
  }

  private refused(message: ServerMessage & { messageType: 'ERROR' }): void {
    const { id, error, code } = message;
    if ([...this.subscriptions.values()].some((subscription) => subscription.refused(message))) return;
    // With an id it answers an unsubscribe, or a subscribe that is no longer wanted. Without one it may concern anybody.
    if (id === undefined) this.failAll(new StreamError(error, code, message.message));
  }

  private lost(signal: AbortSignal, closed: Closed): void {
    this.isOpen = false;
    this.socket = undefined;
    for (const subscription of this.subscriptions.values()) subscription.disconnected();
    const reaction = reactionTo(closed, this.failures, this.around.settings.live.reconnect);
    const failure = (error: string): StreamError => new StreamError(error, String(closed.code), closed.reason || error);
    if (reaction.kind === 'fail') return this.failAll(failure(reaction.error));
    if (reaction.renewToken && !this.around.credentials.refuse(this.token)) return this.failAll(failure('UNAUTHENTICATED'));
    this.failures += 1;
    this.retry(signal, reaction.waitMs, closed);
  }

  private backoff(): number {
    const wait = fullJitter(this.failures, this.around.settings.live.reconnect);
    this.failures += 1;
    return wait;
  }

  private retry(signal: AbortSignal, retryInMs: number, { code, reason, opened }: Closed): void {
    this.around.settings.live.onStatus({ state: 'waiting', retryInMs, code, reason });
    void this.connect(signal, retryInMs, !opened);
  }
}
