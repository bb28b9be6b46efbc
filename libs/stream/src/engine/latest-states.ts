import { ServiceError } from '@app/kernel';
import type { StateText, States } from '../ports.js';
import type { Change } from './change.js';
import { Parcel } from './message.js';
import type { Subscription } from './subscription.js';

const RETRY_MS = 250;
/** States that are loaded at once for who was away; each may have 1 MiB. */
export const STATES_AT_ONCE = 32;

/** The hub, as far as states are sent for it. */
interface Members {
  /** Of the log; of another one nothing here is true any more. */
  readonly epoch: string;
  /** Who is subscribed to a channel now. */
  members(channel: string): ReadonlySet<Subscription> | undefined;
  /** States were not sent, and nobody knows which. */
  broke(error: unknown): void;
}

/** What one who joins a channel was not told yet. */
interface Entry {
  readonly subscription: Subscription;
  readonly changes: readonly Change[];
  /** Sent after the states. */
  readonly live: Parcel;
}

/** The states to be sent to those on one channel who want the newest only. */
interface Round {
  /** By aggregate, in the order of its newest change. Older ones are there for filters that the newest does not fit. */
  readonly changes: Map<string, Change[]>;
  /** Those who joined before these changed. */
  readonly entries: Entry[];
  /** Sent after the states: where the channel stands then. */
  place?: Parcel;
}

interface Loaded {
  readonly changes: readonly Change[];
  readonly state: StateText;
}

/**
 * Sends states in place of changes, each loaded once for all. Each channel goes round by round: what changes while one is loaded
 * is in the next, so a channel's positions only grow, and a cursor never passes over what was not sent.
 */
export class LatestStates {
  /** The next round of each channel that has one under way. */
  private readonly rounds = new Map<string, Round | undefined>();

  constructor(private readonly states: States, private readonly hub: Members) {}

  /** These changed on the channel. */
  offer(channel: string, changes: readonly Change[]): void {
    const { changes: together } = this.roundOf(channel);
    for (const change of changes) {
      const before = together.get(change.key) ?? [];
      together.delete(change.key);
      together.set(change.key, before);
      before.push(change);
    }
  }

  /** The last that a subscription was not told, a few states, and then `live`; after that the rounds are for it too. */
  enter(entry: Entry): void {
    this.roundOf(entry.subscription.channel.name).entries.push(entry);
  }

  /** Where the channel stands after all that was offered. */
  place(channel: string, place: Parcel): void {
    this.roundOf(channel).place = place;
  }

  /** The states that a few changes led to, as they are sent, in the order of the changes. */
  async parcelsOf(channel: string, changes: readonly Change[]): Promise<Parcel[]> {
    const states = await Promise.all(changes.map((change) => this.load(change)));
    return changes.flatMap((change, i) => {
      const state = states[i];
      return state ? [parcelOf(channel, change, state)] : [];
    });
  }

  private roundOf(channel: string): Round {
    const isUnderWay = this.rounds.has(channel);
    let round = this.rounds.get(channel);
    if (!round) this.rounds.set(channel, round = { changes: new Map(), entries: [] });
    if (!isUnderWay) {
      // What else comes in this turn of the event loop is in the first round.
      void Promise.resolve().then(() => this.run(channel)).catch((error: unknown) => {
        this.rounds.delete(channel);
        this.hub.broke(error);
      });
    }
    return round;
  }

  private async run(channel: string): Promise<void> {
    for (let round = this.rounds.get(channel); round; round = this.rounds.get(channel)) {
      this.rounds.set(channel, undefined);
      // The past first: what is new must not come before it.
      await Promise.all(round.entries.map((entry) => this.begin(entry)));
      await this.send(channel, round);
    }
    this.rounds.delete(channel);
  }

  private async begin({ subscription, changes, live }: Entry): Promise<void> {
    const { session, channel: { name } } = subscription;
    const parcels = await this.parcelsOf(name, changes);
    parcels.forEach((parcel, i) => session.pushState(changes[i]!.key, parcel, subscription));
    session.pushState('', live, subscription);
  }

  private async send(channel: string, { changes, place }: Round): Promise<void> {
    const { epoch } = this.hub;
    const loaded = await Promise.all([...changes.values()].map(async (each) => ({ changes: each, state: (await this.load(each.at(-1)!))! })));
    if (epoch !== this.hub.epoch) return; // else all of them are there
    const parcels = new Map<Change, Parcel>();
    for (const member of this.hub.members(channel) ?? []) {
      if (!member.wish.latest) continue;
      for (const { change, state } of member.takesAll ? newestOf(loaded) : wantedOf(loaded, member)) {
        if (change.position <= member.after) continue;
        let parcel = parcels.get(change);
        if (!parcel) parcels.set(change, parcel = parcelOf(channel, change, state));
        member.session.pushState(change.key, parcel, member);
      }
      if (place && place.position > member.after) member.session.pushState('place', place, member);
    }
  }

  /**
   * The state that a change led to, or a newer one. What cannot be read now is waited for: to leave it out would be a gap.
   * `undefined` once the log is another one.
   */
  private async load({ event: { ref, version }, position }: Change): Promise<StateText | undefined> {
    for (const { epoch } = this.hub; epoch === this.hub.epoch;) {
      try {
        const state = await this.states.current(ref.type, ref.id, position);
        if (state.version >= version) return state;
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
    }
    return undefined;
  }
}

function parcelOf(channel: string, change: Change, { version, text }: StateText): Parcel {
  return new Parcel([change.stateMessage(channel, version, text)], change.position);
}

function newestOf(loaded: readonly Loaded[]): { change: Change; state: StateText }[] {
  return loaded.map(({ changes, state }) => ({ change: changes.at(-1)!, state }));
}

/** Of each aggregate the newest change that the member wants, in their order. */
function wantedOf(loaded: readonly Loaded[], member: Subscription): { change: Change; state: StateText }[] {
  const wanted = loaded.flatMap(({ changes, state }) => {
    const change = changes.findLast((each) => member.wants(each));
    return change ? [{ change, state }] : [];
  });
  return wanted.toSorted((a, b) => a.change.position - b.change.position);
}
