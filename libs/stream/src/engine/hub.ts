import { encodePosition, type StoredEvent } from '@app/kernel';
import { CLOSE } from '../protocol/close-codes.js';
import { messages } from '../protocol/messages.js';
import type { StreamPorts } from '../ports.js';
import { Change } from './change.js';
import { StreamFigures } from './figures.js';
import { Flusher } from './flusher.js';
import { LatestStates, STATES_AT_ONCE } from './latest-states.js';
import { type Message, Parcel } from './message.js';
import { Presence } from './presence.js';
import { Ring } from './ring.js';
import type { Session, SessionHost } from './session.js';
import { slicesOf } from './slices.js';
import { parcelOf, type Subscription } from './subscription.js';
import { WatchedOperations } from './watched-operations.js';

/** Clients that are to come back do so within this time. */
const RETRY_WITHIN_MS = 5_000;

/** Who hears nothing on a channel of many aggregates is told the place this often, so that it can go on from there. In positions. */
const PLACE_EVERY = 10_000;

/**
 * Hands the changes of the log to those who subscribed: one tail, whatever the number of sockets. It begins with the first
 * subscription.
 */
export class Hub implements SessionHost {
  readonly flusher = new Flusher();
  readonly figures = new StreamFigures();
  readonly latest: LatestStates;
  readonly operations: WatchedOperations;
  readonly sessions = new Set<Session>();
  private readonly presence: Presence;
  private readonly channels = new Map<string, Set<Subscription>>();
  private readonly stop = new AbortController();
  private starting: Promise<void> | undefined;
  private following: Promise<void> | undefined;
  private ring = new Ring(0);
  private at = { epoch: '', position: 0 };
  private placeTold = 0;

  constructor(private readonly ports: StreamPorts) {
    this.latest = new LatestStates(ports.states, this);
    this.presence = new Presence(ports.presence);
    this.operations = new WatchedOperations(ports.operations, this, (line) => ports.say('error', line));
  }

  /** Up to where the log was handed out. */
  get position(): number {
    return this.at.position;
  }

  get epoch(): string {
    return this.at.epoch;
  }

  /** Begins to follow the log, if it has not. @throws ServiceError SERVICE_UNAVAILABLE while the database is away */
  async start(): Promise<void> {
    this.starting ??= this.begin().catch((error: unknown) => {
      this.starting = undefined;
      throw error;
    });
    await this.starting;
  }

  cursor(position: number): string {
    return encodePosition({ epoch: this.at.epoch, partition: 0, position });
  }

  /** The newest changes of a channel after a position, if they are at hand. */
  recent(channel: string, after: number): Change[] | undefined {
    return this.ring.since(after, channel);
  }

  /**
   * Makes a subscription live, if what lies after `after` is at hand and little: sends that, `LIVE`, and from then on every change.
   * Nothing comes between, as it all happens in one turn.
   */
  join(subscription: Subscription, after: number): boolean {
    const { channel, session } = subscription;
    const missed = this.recent(channel.name, after);
    if (!missed) return false;
    subscription.after = after;
    const wanted = subscription.wanted(missed);
    if (slicesOf(wanted, subscription.wish.latest ? STATES_AT_ONCE : undefined).length > 1) return false;
    // Of a log that this instance has not read that far yet, what is below `after` is not told again.
    subscription.after = Math.max(after, this.position);
    const live = new Parcel([messages.live(channel.name, this.cursor(subscription.after))], subscription.after);
    if (subscription.wish.latest) {
      this.latest.enter({ subscription, changes: wanted, live });
    } else {
      subscription.tell(wanted);
      session.push(live, subscription);
    }
    // Its queue may have been cut by that.
    if (subscription.ended) return true;
    const members = this.channels.get(channel.name);
    if (members) members.add(subscription);
    else this.channels.set(channel.name, new Set([subscription]));
    if (subscription.wish.presence) this.presence.join(subscription);
    return true;
  }

  leave(subscription: Subscription): void {
    if (subscription.ended) return;
    subscription.ended = true;
    this.figures.subscriptions -= 1;
    const { name, operationId } = subscription.channel;
    if (operationId !== undefined) return this.operations.leave(subscription);
    const members = this.channels.get(name);
    if (members?.delete(subscription) && members.size === 0) this.channels.delete(name);
    if (subscription.wish.presence) this.presence.leave(subscription);
  }

  resync(subscription: Subscription): Message {
    return messages.resync(subscription.channel.name, this.cursor(subscription.sent));
  }

  members(channel: string): ReadonlySet<Subscription> | undefined {
    return this.channels.get(channel);
  }

  /** Ends every session: they go on elsewhere, or here later, spread over some seconds. */
  restart(): void {
    for (const session of [...this.sessions]) {
      const retryAfterMs = Math.round(Math.random() * RETRY_WITHIN_MS);
      session.close(CLOSE.restart, JSON.stringify({ retryAfterMs }), retryAfterMs);
    }
  }

  /** What cannot be told here is told where the clients go on from their cursors. */
  broke(error: unknown): void {
    this.ports.say('error', `the streams begin anew: ${error instanceof Error ? error.stack : String(error)}`);
    this.restart();
  }

  async close(): Promise<void> {
    this.stop.abort();
    this.presence.close();
    this.operations.close();
    await this.following;
  }

  private async begin(): Promise<void> {
    this.at = await this.ports.log.head();
    this.ring = new Ring(this.at.position);
    this.placeTold = this.at.position;
    this.following = this.follow().catch((error: unknown) => {
      this.starting = undefined;
      this.broke(error);
    });
  }

  private async follow(): Promise<void> {
    for await (const events of this.ports.log.tail(this.at.position, this.stop.signal)) {
      const epoch = this.ports.log.epoch();
      if (epoch !== undefined && epoch !== this.at.epoch) throw new Error('the log was restored from a copy');
      this.dispatch(events);
    }
  }

  private dispatch(events: readonly StoredEvent[]): void {
    const changes = events.map((event) => new Change(event, this.at.epoch));
    const byChannel = new Map<string, Change[]>();
    for (const change of changes) {
      this.ring.push(change);
      for (const channel of change.channels) {
        if (!this.channels.has(channel)) continue;
        const together = byChannel.get(channel);
        if (together) together.push(change);
        else byChannel.set(channel, [change]);
      }
    }
    this.at = { epoch: this.at.epoch, position: events.at(-1)!.position };
    for (const [channel, together] of byChannel) this.tell(channel, together);
    if (this.position - this.placeTold >= PLACE_EVERY) this.tellPlace();
    this.flusher.flush();
    if (byChannel.size === 0) return;
    for (const change of changes) {
      if (change.channels.some((channel) => byChannel.has(channel))) this.figures.fannedOut(change.committedAtMs);
    }
  }

  private tell(channel: string, changes: readonly Change[]): void {
    let whole: Parcel[] | undefined;
    const each = new Map<Change, Parcel>();
    let anyLatest = false;
    for (const subscription of this.channels.get(channel)!) {
      if (subscription.wish.latest) {
        anyLatest = true;
      } else if (subscription.takesAll && subscription.after < changes[0]!.position) {
        whole ??= slicesOf(changes).map((slice) => parcelOf(channel, slice));
        for (const parcel of whole) subscription.session.push(parcel, subscription);
      } else {
        for (const change of changes) {
          if (!subscription.wants(change)) continue;
          let parcel = each.get(change);
          if (!parcel) each.set(change, parcel = parcelOf(channel, [change]));
          subscription.session.push(parcel, subscription);
        }
      }
    }
    if (anyLatest) this.latest.offer(channel, changes);
  }

  /** The past of one aggregate is found however long ago it changed; a wider channel reaches back so many positions only. */
  private tellPlace(): void {
    this.placeTold = this.position;
    for (const [channel, members] of this.channels) {
      const [any] = members;
      if (any!.channel.id !== undefined) continue;
      const place = new Parcel([messages.cursor(channel, this.cursor(this.position))], this.position);
      for (const member of members) {
        if (member.wish.latest) this.latest.place(channel, place);
        else member.session.push(place, member);
      }
    }
  }
}
