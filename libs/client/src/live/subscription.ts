import { fullJitter } from '../backoff.js';
import { StreamError } from '../errors.js';
import { Mailbox } from './mailbox.js';
import type { ChannelMessage, ClientMessage, ErrorMessage } from './protocol.js';
import { SeenVersions } from './seen-versions.js';
import type { Position, Watch, WatchMessage, WatchOptions } from './watch.js';

/** What a subscription needs of the connection that carries it. */
export interface Carrier {
  /** False while there is no open connection: when one opens, `connected` is called. */
  send(message: ClientMessage): boolean;
  nextId(): string;
  /** The subscription has caught up: the connection is of use. */
  caughtUp(): void;
  release(subscription: Subscription): void;
}

interface Item {
  readonly message: WatchMessage;
  readonly position: Position | undefined;
}

/** Waits before a subscription that was put off is asked for again. */
const PUT_OFF = { minMs: 500, maxMs: 15_000 };

/** One watch of one channel, over as many connections as it takes. */
export class Subscription implements Watch {
  position: Position | undefined;
  /** Behind the last message received: where to go on after a cut. Undefined: begin (again) with the state, or with now. */
  private received: Position | undefined;
  /** The state was asked for and has not come. */
  private needsState: boolean;
  /** History was out of reach: the consumer must be told before it gets anything else. */
  private owesReset = false;
  private phase: 'idle' | 'asked' | 'receiving' | 'paused' = 'idle';
  /** Of the subscribe in force. What comes before its SUBSCRIBED belongs to an earlier one. */
  private id: string | undefined;
  private epoch = '';
  /** Where the subscription in force began. */
  private start: Position = { cursor: '', epoch: '' };
  private putOff = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly seen = new SeenVersions();
  private readonly mailbox = new Mailbox<Item>();
  private readonly bufferSize: number;
  private readonly onAbort = (): void => this.fail(this.options.signal?.reason, { dropBuffer: true });

  constructor(readonly channel: string, private readonly options: WatchOptions, private readonly carrier: Carrier) {
    this.received = options.position;
    this.position = options.position;
    this.needsState = options.snapshot === true && !options.position;
    this.bufferSize = Math.max(1, options.bufferSize ?? 1000);
    options.signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  async next(): Promise<IteratorResult<WatchMessage, undefined>> {
    if (this.phase === 'paused' && this.mailbox.size === 0) this.ask();
    const taken = await this.mailbox.take();
    if (taken.done) return taken;
    if (taken.value.position) this.position = taken.value.position;
    return { value: taken.value.message, done: false };
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.mailbox.clear();
    this.finish();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @param dropBuffer do not even hand out what came before */
  fail(thrown: unknown, { dropBuffer = false } = {}): void {
    if (dropBuffer) this.mailbox.clear();
    this.finish({ thrown });
  }

  /** Forgets the place and begins again with the state, as a reset. */
  restart(): void {
    if (this.mailbox.ended) return;
    this.mailbox.clear();
    this.loseHistory();
    this.leave();
    this.ask();
  }

  connected(): void {
    if (this.phase !== 'paused') this.ask();
  }

  disconnected(): void {
    clearTimeout(this.timer);
    if (this.phase !== 'paused') this.phase = 'idle';
  }

  /** Tells the service that no more is wanted. */
  leave(): void {
    if (this.phase !== 'asked' && this.phase !== 'receiving') return;
    this.carrier.send({ action: 'unsubscribe', id: this.carrier.nextId(), channel: this.channel });
  }

  receive(message: ChannelMessage): void {
    if (message.messageType === 'SUBSCRIBED') {
      if (this.phase === 'asked' && message.id === this.id) this.begin(message);
      return;
    }
    if (this.phase !== 'receiving') return;
    switch (message.messageType) {
      case 'SNAPSHOT':
        return this.startFrom(message);
      case 'STATE_CHANGED':
        return this.change(message);
      case 'OPERATION_CHANGED': {
        const { messageType: _, ...operation } = message;
        return this.deliver({ type: 'operation', ...operation }, message.cursor);
      }
      case 'LIVE':
        return this.live(message);
      case 'CURSOR':
        return this.moveOn(message.cursor);
      case 'PRESENCE': {
        const { messageType: _, ...presence } = message;
        return this.deliver({ type: 'presence', ...presence });
      }
      case 'RESYNC_REQUIRED': // the service has ended the subscription
        if (!this.needsState) this.received ??= { cursor: message.cursor, epoch: this.epoch };
        return this.ask();
      case 'UNSUBSCRIBED': // the answer to an unsubscribe of before this subscription
        return undefined;
    }
  }

  /** True if the error is about this subscription. */
  refused({ id, error, code, message }: ErrorMessage): boolean {
    if (id === undefined || id !== this.id || this.phase === 'paused') return false;
    if (code === '429' || code === '503') {
      this.phase = 'idle';
      this.timer = setTimeout(() => this.connected(), PUT_OFF.minMs + fullJitter(this.putOff, PUT_OFF));
      this.putOff += 1;
    } else {
      this.fail(new StreamError(error, code, message));
    }
    return true;
  }

  private ask(): void {
    if (this.mailbox.ended) return;
    const { filter, delivery, presence } = this.options;
    const id = this.carrier.nextId();
    const place = this.received ? { from: this.received.cursor, epoch: this.received.epoch } : {};
    const sent = this.carrier.send({
      action: 'subscribe', id, channel: this.channel, ...place, filter, delivery, presence,
      snapshot: (this.needsState && !this.received) || undefined,
    });
    this.id = id;
    this.phase = sent ? 'asked' : 'idle';
  }

  private begin({ cursor, epoch, recovered }: ChannelMessage & { messageType: 'SUBSCRIBED' }): void {
    this.phase = 'receiving';
    this.putOff = 0;
    this.epoch = epoch;
    this.start = { cursor, epoch };
    if (this.received && !recovered) this.loseHistory();
    else if (this.received) this.received = { ...this.received, epoch };
    else if (!this.needsState) this.received = this.start;
  }

  private loseHistory(): void {
    this.received = undefined;
    this.needsState = true;
    this.owesReset = true;
  }

  private startFrom({ cursor, state }: ChannelMessage & { messageType: 'SNAPSHOT' }): void {
    const type = this.owesReset ? 'reset' : 'snapshot';
    this.owesReset = false;
    this.needsState = false;
    this.seen.clear();
    if (state) this.seen.isNew(state);
    this.deliver({ type, channel: this.channel, cursor, state }, cursor);
  }

  private change(message: ChannelMessage & { messageType: 'STATE_CHANGED' }): void {
    this.settleReset();
    if (!this.seen.isNew(message)) return;
    const { messageType: _, ...change } = message;
    this.deliver({ type: 'change', ...change }, message.cursor);
  }

  private live({ cursor }: ChannelMessage & { messageType: 'LIVE' }): void {
    this.settleReset();
    this.needsState = false;
    this.received ??= this.start;
    // With `latest` the states of before may come after it, so going on from here could pass over them.
    this.deliver({ type: 'live', channel: this.channel, cursor }, this.options.delivery === 'latest' ? undefined : cursor);
    this.carrier.caughtUp();
  }

  /** Nothing has happened on the channel up to there. What the consumer has not taken comes before it. */
  private moveOn(cursor: string): void {
    this.received = { cursor, epoch: this.epoch };
    if (this.mailbox.size === 0) this.position = this.received;
  }

  /** A channel of many aggregates has no state that would take the place of what was missed. */
  private settleReset(): void {
    if (!this.owesReset) return;
    this.owesReset = false;
    this.needsState = false;
    this.seen.clear();
    this.deliver({ type: 'reset', channel: this.channel, cursor: this.start.cursor, state: null }, this.start.cursor);
  }

  private deliver(message: WatchMessage, cursor?: string): void {
    if (cursor !== undefined) this.received = { cursor, epoch: this.epoch };
    this.mailbox.put({ message, position: this.received });
    if (this.mailbox.size < this.bufferSize || this.phase === 'paused') return;
    this.leave();
    this.phase = 'paused';
  }

  private finish(error?: { readonly thrown: unknown }): void {
    if (this.mailbox.ended) return;
    clearTimeout(this.timer);
    this.options.signal?.removeEventListener('abort', this.onAbort);
    this.mailbox.close(error);
    this.carrier.release(this);
  }
}
