import type { Principal } from '@app/auth';
import { CLOSE } from '../protocol/close-codes.js';
import type { Flusher } from './flusher.js';
import type { StreamFigures } from './figures.js';
import { type Message, Parcel } from './message.js';
import { Outbox } from './outbox.js';
import type { Outlet, Subscription } from './subscription.js';
import type { Wire } from './wire.js';

/** Of what waits for one slow client; a single state may be larger. */
export const MAX_QUEUED_BYTES = 128 * 1024;
/** Who has not read by then is closed. In ms. */
const PATIENCE_MS = 10_000;

/** What a session asks of the engine that it belongs to. */
export interface SessionHost {
  readonly flusher: Flusher;
  readonly figures: StreamFigures;
  /** The subscription ends: no more changes for it. */
  leave(subscription: Subscription): void;
  /** Where a subscription that is cut can go on. */
  resync(subscription: Subscription): Message;
}

/**
 * One client: what it subscribed to, and what waits for it. Its memory is bounded: a client that does not keep up loses the
 * subscriptions of which something waits, is told where to resume, and is closed if it does not read even that. Of the
 * subscriptions for the latest state a newer one takes the place of the older first.
 */
export class Session implements Outlet {
  readonly subscriptions = new Map<string, Subscription>();
  isOpen = true;
  /** It has one subscription from its start, and ends with it. */
  isForOne = false;
  isGathering = false;
  /** When something was heard of it last, or since when it is closed; on the monotonic clock. */
  heardAtMs = performance.now();
  /** For the limit of messages in a time: a bucket of tokens. */
  allowance = { left: Number.POSITIVE_INFINITY, atMs: 0 };
  private readonly outbox = new Outbox();
  /** States that wait, the newest of each aggregate, in the order of their positions. */
  private states: Map<string, { readonly parcel: Parcel; readonly owner: Subscription }> | undefined;
  private queuedBytes = 0;
  private blockedSinceMs: number | undefined;
  private waiting: (() => void)[] | undefined;

  constructor(
    readonly principal: Principal, private readonly wire: Wire, private readonly host: SessionHost,
    /** Whether its token still holds. */
    readonly isAdmitted: () => boolean,
  ) {}

  get subject(): string {
    return this.principal.subject;
  }

  get isBlocked(): boolean {
    return this.blockedSinceMs !== undefined;
  }

  /** Sends a parcel, now or when the client has taken what came before. @param owner whose changes these are */
  push(parcel: Parcel, owner?: Subscription): void {
    if (!this.isOpen || owner?.ended) return;
    this.outbox.add(parcel, owner);
    this.wait(parcel.size);
  }

  say(message: Message, owner?: Subscription): void {
    this.push(new Parcel([message]), owner);
  }

  /** Sends a state, or puts it in the place of an older one of the same aggregate that still waits. */
  pushState(key: string, parcel: Parcel, owner: Subscription): void {
    if (!this.isOpen || owner.ended) return;
    const states = (this.states ??= new Map());
    const slot = `${owner.channel.name} ${key}`;
    const older = states.get(slot)?.parcel;
    if (older) {
      states.delete(slot);
      this.host.figures.coalesced += 1;
    }
    states.set(slot, { parcel, owner });
    this.wait(parcel.size - (older?.size ?? 0), states.size === 1 && this.outbox.isEmpty);
  }

  /** Writes what waits, with one system call. */
  flush(): void {
    if (!this.isOpen || this.blockedSinceMs !== undefined) return;
    if (this.states) {
      for (const { parcel, owner } of this.states.values()) if (!owner.ended) this.outbox.add(parcel, owner);
    }
    this.outbox.tally(this.host.figures);
    const free = this.outbox.isEmpty || this.wire.write(this.outbox.parcels());
    this.empty();
    if (!free) this.block();
    if (this.waiting && this.blockedSinceMs === undefined) this.release();
  }

  drained(): Promise<void> {
    if (!this.isOpen || (this.outbox.isEmpty && !this.states && this.blockedSinceMs === undefined)) return Promise.resolve();
    return new Promise((resolve) => (this.waiting ??= []).push(resolve));
  }

  /** Whether it has had its chance to read what waits for it. */
  isStuck(nowMs: number): boolean {
    return this.blockedSinceMs !== undefined && nowMs - this.blockedSinceMs > PATIENCE_MS;
  }

  ping(): void {
    if (this.blockedSinceMs === undefined) this.wire.ping();
  }

  /** Answers a ping, unless the client does not even read what it got: it may ping faster than it reads. */
  pong(data: Buffer): void {
    this.flush(); // what waits must be counted from the block on
    if (this.isOpen && this.blockedSinceMs === undefined && !this.wire.pong(data)) this.block();
  }

  /** Closes from this side, with a word to who reads again in time. */
  close(code: number, reason: string, retryAfterMs?: number): void {
    if (!this.isOpen) return;
    this.flush();
    this.end(code);
    this.wire.close(code, reason, retryAfterMs);
  }

  destroy(code: number): void {
    this.end(code);
    this.wire.destroy();
  }

  /** The client is gone, or as good as. */
  end(code: number): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.heardAtMs = performance.now();
    this.host.figures.closed(code);
    for (const subscription of this.subscriptions.values()) this.host.leave(subscription);
    this.subscriptions.clear();
    this.empty();
    this.release();
  }

  private block(): void {
    this.blockedSinceMs = performance.now();
    this.wire.drained(() => {
      this.blockedSinceMs = undefined;
      this.flush();
    });
  }

  /**
   * More is to be written: with the others of this tick, or when the client reads again.
   * @param isOne it is a state, and nothing else waits: it may be large, as newer ones take its place
   */
  private wait(bytes: number, isOne = false): void {
    if (this.blockedSinceMs === undefined) return this.host.flusher.add(this);
    this.count(bytes);
    if (this.queuedBytes > MAX_QUEUED_BYTES && !isOne) this.cut();
  }

  private cut(): void {
    const cut = new Set<Subscription>();
    const kept: Parcel[] = [];
    this.outbox.each((parcel, owner) => {
      if (!owner) kept.push(parcel);
      else if (!owner.ended) cut.add(owner);
    });
    for (const { owner } of this.states?.values() ?? []) if (!owner.ended) cut.add(owner);
    this.empty();
    for (const subscription of cut) {
      this.host.leave(subscription);
      this.subscriptions.delete(subscription.channel.name);
      kept.push(new Parcel([this.host.resync(subscription)]));
    }
    for (const parcel of kept) this.outbox.add(parcel, undefined);
    this.host.figures.resyncs += cut.size;
    this.count(kept.reduce((sum, { size }) => sum + size, 0));
    // What it brought upon itself beside: answers to what it asks without reading them.
    if (this.queuedBytes > MAX_QUEUED_BYTES) this.close(CLOSE.tooSlow, 'too much is not read');
  }

  private count(bytes: number): void {
    this.queuedBytes += bytes;
    this.host.figures.queuedBytes += bytes;
  }

  private empty(): void {
    this.outbox.clear();
    this.states = undefined;
    this.count(-this.queuedBytes);
  }

  private release(): void {
    const { waiting } = this;
    this.waiting = undefined;
    for (const resume of waiting ?? []) resume();
  }
}
