import type { AggregateType } from '@app/kernel';
import type { Channel } from '../protocol/channel.js';
import type { Filter } from '../protocol/requests.js';
import type { Change } from './change.js';
import { type Message, Parcel } from './message.js';

/** What the subscriber asked for beside the channel. */
export interface Wish {
  readonly filter?: Filter;
  /** Only the newest state of each aggregate. */
  readonly latest: boolean;
  /** Be seen by the others who said so, and hear of them. */
  readonly presence: boolean;
  /** What the token is limited to, where the channel is wider. */
  readonly types?: readonly AggregateType[];
}

/** The session that a subscription belongs to, as far as it sends there. */
export interface Outlet {
  /** Whose session it is. */
  readonly subject: string;
  /** By channel. */
  readonly subscriptions: Map<string, Subscription>;
  push(parcel: Parcel, owner?: Subscription): void;
  pushState(key: string, parcel: Parcel, owner: Subscription): void;
  say(message: Message, owner?: Subscription): void;
  /** Whether the client has to read before it gets more. */
  readonly isBlocked: boolean;
  /** Resolves when nothing waits any more, or the session is over. */
  drained(): Promise<void>;
}

/** One session's interest in one channel. */
export class Subscription {
  /** The position up to which the client was sent everything. */
  sent = 0;
  /** Everything up to this position was told before the subscription went live. */
  after = 0;
  ended = false;

  constructor(readonly session: Outlet, readonly channel: Channel, readonly wish: Wish) {}

  get subject(): string {
    return this.session.subject;
  }

  wants(change: Change): boolean {
    const { filter, types } = this.wish;
    return change.position > this.after && (!filter || change.fits(filter))
      && (!types || (types as readonly string[]).includes(change.event.ref.type));
  }

  /** What of these changes is to be told: all that it wants, or of each aggregate the newest. */
  wanted(changes: readonly Change[]): Change[] {
    const wanted = changes.filter((change) => this.wants(change));
    return this.wish.latest ? newestOfEach(wanted) : wanted;
  }

  /** Whether it takes every change of its channel, once it is past `after`. */
  get takesAll(): boolean {
    return !this.wish.filter && !this.wish.types;
  }

  /** Sends changes that it wants. */
  tell(wanted: readonly Change[]): void {
    if (wanted.length > 0) this.session.push(parcelOf(this.channel.name, wanted), this);
  }
}

/** The newest change of each aggregate, in their order. */
function newestOfEach(changes: readonly Change[]): Change[] {
  const newest = new Map<string, Change>();
  for (const change of changes) {
    newest.delete(change.key);
    newest.set(change.key, change);
  }
  return [...newest.values()];
}

/** Changes as their subscribers on this channel get them. */
export function parcelOf(channel: string, changes: readonly Change[]): Parcel {
  return new Parcel(changes.map((change) => change.message(channel)), changes.at(-1)!.position);
}
