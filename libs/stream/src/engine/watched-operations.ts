import { ServiceError } from '@app/kernel';
import { messages } from '../protocol/messages.js';
import type { RequestId } from '../protocol/requests.js';
import type { LiveOperations } from '../ports.js';
import { Parcel } from './message.js';
import type { Subscription } from './subscription.js';

/** Where the log stands, for the cursors that the protocol wants; the hub. */
export interface LogPlace {
  readonly position: number;
  readonly epoch: string;
  start(): Promise<void>;
  cursor(position: number): string;
}

/** An operation that somebody watches here. */
interface Watched {
  readonly members: Set<Subscription>;
  /** What the members were told last. */
  text: string;
  timer?: NodeJS.Timeout;
}

const LOOK_EVERY_MS = 500;

/**
 * Tells who subscribed to an operation how far it is: one look for all of them, twice a second, for as long as somebody watches and it goes
 * on. Only the newest state counts, so there is no past to catch up with.
 */
export class WatchedOperations {
  private readonly watched = new Map<string, Watched>();

  constructor(private readonly operations: LiveOperations, private readonly log: LogPlace, private readonly say: (line: string) => void) {}

  /** `SUBSCRIBED`, the operation as it is, `LIVE`, and from then on what becomes of it. @throws ServiceError */
  async begin(subscription: Subscription, id: RequestId | undefined): Promise<void> {
    await this.log.start();
    const { session, channel: { name: channel, operationId } } = subscription;
    const { text, isOver } = await this.operations.read(operationId!);
    if (subscription.ended) return;
    const cursor = this.cursor();
    subscription.sent = this.log.position;
    session.say(messages.subscribed(id, { channel, cursor, epoch: this.log.epoch, recovered: true })); // never cut, as in CatchUp
    session.say(messages.operation(channel, cursor, text), subscription);
    session.say(messages.live(channel, cursor), subscription);
    if (!isOver) this.join(operationId!, text, subscription);
  }

  leave(subscription: Subscription): void {
    const id = subscription.channel.operationId!;
    const watched = this.watched.get(id);
    if (watched?.members.delete(subscription) && watched.members.size === 0) this.end(id, watched);
  }

  close(): void {
    for (const [id, watched] of this.watched) this.end(id, watched);
  }

  private join(id: string, text: string, subscription: Subscription): void {
    let watched = this.watched.get(id);
    if (!watched) {
      this.watched.set(id, watched = { members: new Set(), text });
      this.lookLater(id, watched);
    }
    watched.members.add(subscription);
    // What was read for the newcomer and what the others know may have overtaken each other: all are told again.
    if (watched.text !== text) watched.text = '';
  }

  private lookLater(id: string, watched: Watched): void {
    watched.timer = setTimeout(() => void this.look(id, watched), LOOK_EVERY_MS).unref();
  }

  private async look(id: string, watched: Watched): Promise<void> {
    try {
      const { text, isOver } = await this.operations.read(id);
      if (text !== watched.text) this.tell(watched, text);
      if (isOver) this.end(id, watched);
    } catch (error) {
      // While the database is away nothing is known; the next look tells.
      if (!(error instanceof ServiceError)) this.say(`an operation cannot be watched: ${String(error)}`);
    }
    if (this.watched.get(id) === watched) this.lookLater(id, watched);
  }

  private tell(watched: Watched, text: string): void {
    watched.text = text;
    let parcel: Parcel | undefined;
    for (const member of watched.members) {
      parcel ??= new Parcel([messages.operation(member.channel.name, this.cursor(), text)]);
      // Of a client that does not keep up, the newest takes the place of what waits.
      member.session.pushState('', parcel, member);
    }
  }

  private cursor(): string {
    return this.log.cursor(this.log.position);
  }

  private end(id: string, watched: Watched): void {
    clearTimeout(watched.timer);
    if (this.watched.get(id) === watched) this.watched.delete(id);
  }
}
