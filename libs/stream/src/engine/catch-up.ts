import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodePosition, ServiceError } from '@app/kernel';
import { messages } from '../protocol/messages.js';
import type { Subscribe } from '../protocol/requests.js';
import type { StateText, StreamPorts } from '../ports.js';
import { Change } from './change.js';
import type { Hub } from './hub.js';
import { STATES_AT_ONCE } from './latest-states.js';
import { slicesOf } from './slices.js';
import { parcelOf, type Subscription } from './subscription.js';
import { Turns } from './turns.js';

/** Pages of the log in memory at once. */
const PAGES_AT_ONCE = 8;

/** Changes of a channel, and the position up to which none is missing. */
interface Page {
  readonly changes: readonly Change[];
  readonly upTo: number;
}

/** What is said before the first page. */
type Opening = (page: Page) => Promise<void>;

/**
 * Leads a new subscription to the present: `SUBSCRIBED`, the state if it is wanted, what was missed, `LIVE`. The past is read
 * page by page, as fast as the client takes it, and what it does not take at once is read again; nothing is kept meanwhile, as
 * the last step is taken from the hub's memory in one turn.
 */
export class CatchUp {
  private readonly turns = new Turns(PAGES_AT_ONCE);

  constructor(private readonly hub: Hub, private readonly ports: StreamPorts) {}

  /** @throws ServiceError for a position that was never given out, and while the database is away */
  async run(subscription: Subscription, wanted: Subscribe): Promise<void> {
    await this.hub.start();
    const from = await this.startOf(wanted);
    if (from === undefined) return this.begin(subscription, wanted, true);
    const told = from === 'another log' ? undefined
      : await this.tellPage(subscription, from, (page) => this.open(subscription, wanted, from, page));
    if (told === undefined) return this.begin(subscription, { ...wanted, snapshot: true }, false);
    await this.goOn(subscription, told);
  }

  private async open(subscription: Subscription, wanted: Subscribe, from: number, page: Page): Promise<void> {
    const state = wanted.snapshot ? await this.stateAt(subscription, from, page) : undefined;
    if (subscription.ended) return;
    this.subscribed(subscription, wanted, { position: from, recovered: true });
    if (state) this.snapshot(subscription, state, from);
  }

  /** From the present on, or from the state as it is now. */
  private async begin(subscription: Subscription, wanted: Subscribe, recovered: boolean): Promise<void> {
    const { position } = this.hub;
    const { type, id } = subscription.channel;
    const isState = wanted.snapshot === true && type !== undefined && id !== undefined;
    // At least as new as what the hub has told, so that every change after it is told.
    const state = isState ? await this.ports.states.current(type, id, position) : undefined;
    if (subscription.ended) return;
    const after = Math.max(position, state?.position ?? 0);
    this.subscribed(subscription, wanted, { position: after, recovered });
    if (state) this.snapshot(subscription, state, after);
    await this.goOn(subscription, after);
  }

  private async goOn(subscription: Subscription, after: number): Promise<void> {
    for (let at = after; !subscription.ended && !this.hub.join(subscription, at);) {
      await subscription.session.drained();
      const told = await this.tellPage(subscription, at);
      if (told === undefined) return this.giveUp(subscription);
      at = told;
    }
  }

  /** Tells some of what was missed, from memory or from the log. @returns up to where; `undefined` if it is out of reach */
  private async tellPage(subscription: Subscription, after: number, opening?: Opening): Promise<number | undefined> {
    const { channel } = subscription;
    const recent = this.hub.recent(channel.name, after);
    // What is newer than the hub's position is told when the subscription joins.
    if (recent) return this.tell(subscription, { changes: recent, upTo: Math.max(after, this.hub.position) }, opening);
    return this.turns.take(async () => {
      if (subscription.ended) return after;
      const missed = await this.ports.log.missed(channel, after);
      return missed && this.tell(subscription, { changes: missed.events.map((event) => new Change(event, this.hub.epoch)), upTo: missed.upTo }, opening);
    });
  }

  /** @returns up to where it was told: no further than the client took it, so that nothing is held for who is slow */
  private async tell(subscription: Subscription, page: Page, opening?: Opening): Promise<number> {
    await opening?.(page);
    const { session, channel: { name }, wish: { latest } } = subscription;
    for (const slice of slicesOf(subscription.wanted(page.changes), latest ? STATES_AT_ONCE : undefined)) {
      const parcels = latest ? await this.hub.latest.parcelsOf(name, slice) : [parcelOf(name, slice)];
      for (const together of slicesOf(parcels)) {
        if (subscription.ended) return page.upTo;
        for (const parcel of together) session.push(parcel, subscription);
        await nextTurn(); // they were written by then
        if (session.isBlocked) return together.at(-1)!.position;
      }
    }
    return page.upTo;
  }

  /** The client is so slow that what it has not read yet is out of reach by now. */
  private giveUp(subscription: Subscription): void {
    if (subscription.ended) return;
    const { session, channel } = subscription;
    session.say(this.hub.resync(subscription));
    session.subscriptions.delete(channel.name);
    this.hub.leave(subscription);
  }

  private async startOf({ from, epoch }: Subscribe): Promise<number | 'another log' | undefined> {
    if (from === undefined) return undefined;
    const place = decodePosition(from);
    if (!place) throw new ServiceError('VALIDATION_ERROR', 'from takes the cursor of a message', { field: 'from' });
    if (place.epoch !== this.hub.epoch || (epoch !== undefined && epoch !== this.hub.epoch)) return 'another log';
    if (place.position > this.hub.position && place.position > (await this.ports.log.head()).position) {
      throw new ServiceError('VALIDATION_ERROR', 'from lies in the future', { field: 'from' });
    }
    return place.position;
  }

  /** The state that the missed changes build on. */
  private async stateAt({ channel }: Subscription, position: number, { changes }: Page): Promise<StateText> {
    const { type, id } = channel as { type: string; id: string };
    const before = (version: number): Promise<StateText> => this.ports.states.at(type, id, version - 1);
    if (changes[0]) return before(changes[0].event.version);
    const state = await this.ports.states.current(type, id, position);
    if (state.position <= position) return state;
    // It has changed since the page was read.
    const first = (await this.ports.log.missed(channel, position))?.events[0];
    return first ? before(first.version) : state;
  }

  private subscribed(subscription: Subscription, { id }: Subscribe, at: { position: number; recovered: boolean }): void {
    const { channel: { name: channel }, session } = subscription;
    const cursor = this.hub.cursor(at.position);
    subscription.sent = at.position;
    // It is nobody's, so that it is never cut: RESYNC_REQUIRED means something only to who was told SUBSCRIBED.
    session.say(messages.subscribed(id, { channel, cursor, epoch: this.hub.epoch, recovered: at.recovered }));
  }

  private snapshot(subscription: Subscription, state: StateText, position: number): void {
    subscription.session.say(messages.snapshot(subscription.channel.name, this.hub.cursor(position), state.text), subscription);
  }
}
