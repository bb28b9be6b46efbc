import { decodePosition, ServiceError } from '@app/kernel';
import { messages } from '../protocol/messages.js';
import type { Subscribe } from '../protocol/requests.js';
import type { StateText, StreamPorts } from '../ports.js';
import { Change } from './change.js';
import type { Hub } from './hub.js';
import type { Subscription } from './subscription.js';

/** Changes in one parcel of the past, so that a slow client has no more than that of it waiting. */
const SLICE = 100;

/** Changes of a channel, and the position up to which none is missing. */
interface Page {
  readonly changes: readonly Change[];
  readonly upTo: number;
}

/**
 * Leads a new subscription to the present: `SUBSCRIBED`, the state if it is wanted, what was missed, `LIVE`. The past is read
 * page by page, as fast as the client takes it; nothing is kept meanwhile, as the last step is taken from the hub's memory
 * in one turn.
 */
export class CatchUp {
  constructor(private readonly hub: Hub, private readonly ports: StreamPorts) {}

  /** @throws ServiceError for a position that was never given out, and while the database is away */
  async run(subscription: Subscription, wanted: Subscribe): Promise<void> {
    await this.hub.start();
    const from = await this.startOf(wanted);
    if (from === undefined) return this.begin(subscription, wanted, true);
    const page = from === 'another log' ? undefined : await this.page(subscription, from);
    if (from === 'another log' || !page) return this.begin(subscription, { ...wanted, snapshot: true }, false);
    const state = wanted.snapshot ? await this.stateAt(subscription, from, page) : undefined;
    if (subscription.ended) return;
    this.subscribed(subscription, wanted, { position: from, recovered: true });
    if (state) this.snapshot(subscription, state, from);
    await this.goOn(subscription, page);
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
    await this.goOn(subscription, { changes: [], upTo: after });
  }

  private async goOn(subscription: Subscription, first: Page): Promise<void> {
    let page = first;
    for (;;) {
      await this.tell(subscription, page.changes);
      if (subscription.ended || this.hub.join(subscription, page.upTo)) return;
      const next = await this.page(subscription, page.upTo);
      if (subscription.ended) return;
      if (!next) return this.giveUp(subscription);
      page = next;
    }
  }

  private async tell(subscription: Subscription, changes: readonly Change[]): Promise<void> {
    const wanted = changes.filter((change) => subscription.wants(change));
    if (subscription.wish.latest) return this.hub.latest.catchUp(subscription, wanted);
    for (let i = 0; i < wanted.length && !subscription.ended; i += SLICE) {
      subscription.tell(wanted.slice(i, i + SLICE));
      await subscription.session.drained();
    }
  }

  /** What was missed, from memory or from the log. */
  private async page({ channel }: Subscription, after: number): Promise<Page | undefined> {
    const recent = this.hub.recent(channel.name, after);
    // What is newer than the hub's position is told when the subscription joins.
    if (recent) return { changes: recent, upTo: Math.max(after, this.hub.position) };
    const missed = await this.ports.log.missed(channel, after);
    return missed && { changes: missed.events.map((event) => new Change(event, this.hub.epoch)), upTo: missed.upTo };
  }

  /** The client is so slow that what it has not read yet is out of reach by now. */
  private giveUp(subscription: Subscription): void {
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
