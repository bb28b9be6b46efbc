import { messages } from '../protocol/messages.js';
import type { Outlet, Subscription } from './subscription.js';

/** Tells the other instances who is here, and learns who is there. */
export interface SharedPresence {
  /** @param here the subjects on each channel @returns those on each of these channels elsewhere */
  exchange(here: ReadonlyMap<string, readonly string[]>): Promise<ReadonlyMap<string, readonly string[]>>;
}

const TICK_MS = 1_000;

/** One channel on which somebody wants to be seen. */
interface Room {
  readonly members: Set<Subscription>;
  /** Subjects on other instances, as of the last exchange. */
  elsewhere: readonly string[];
  /** Whom the members were told of. */
  told: Set<string>;
}

/**
 * Who is subscribed to a channel, for those who let themselves be seen. What changes here is told at once; what changes on
 * other instances at the next exchange, once a second. Without `shared` an instance knows its own only.
 */
export class Presence {
  private readonly rooms = new Map<string, Room>();
  private timer: NodeJS.Timeout | undefined;
  private exchanging = false;

  constructor(private readonly shared: SharedPresence | undefined) {}

  join(subscription: Subscription): void {
    const { name } = subscription.channel;
    let room = this.rooms.get(name);
    if (!room) this.rooms.set(name, room = { members: new Set(), elsewhere: [], told: new Set() });
    room.members.add(subscription);
    this.tell(name, room, subscription.session);
    subscription.session.say(messages.presence(name, { members: [...room.told] }), subscription);
    if (this.shared) this.timer ??= setInterval(() => void this.exchange(), TICK_MS).unref();
  }

  leave(subscription: Subscription): void {
    const { name } = subscription.channel;
    const room = this.rooms.get(name);
    if (!room?.members.delete(subscription)) return;
    if (room.members.size === 0) this.rooms.delete(name);
    else this.tell(name, room);
    if (this.rooms.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** @param newcomer is told everything by itself */
  private tell(channel: string, room: Room, newcomer?: Outlet): void {
    const now = new Set([...[...room.members].map(({ subject }) => subject), ...room.elsewhere]);
    const joined = [...now].filter((subject) => !room.told.has(subject));
    const left = [...room.told].filter((subject) => !now.has(subject));
    room.told = now;
    if (joined.length === 0 && left.length === 0) return;
    const message = messages.presence(channel, { ...(joined.length > 0 && { joined }), ...(left.length > 0 && { left }) });
    for (const { session } of room.members) if (session !== newcomer) session.say(message);
  }

  private async exchange(): Promise<void> {
    if (this.exchanging) return;
    this.exchanging = true;
    const here = new Map([...this.rooms].map(([channel, { members }]) => [channel, [...members].map(({ subject }) => subject)]));
    try {
      const found = await this.shared!.exchange(here);
      for (const [channel, room] of this.rooms) {
        const subjects = found.get(channel);
        if (!subjects) continue;
        room.elsewhere = subjects;
        this.tell(channel, room);
      }
    } catch {
      // Redis is away, and its breaker has said so. What was known of the others holds until it is back.
    } finally {
      this.exchanging = false;
    }
  }
}
