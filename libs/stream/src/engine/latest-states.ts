import { ServiceError } from '@app/kernel';
import type { StateText, States } from '../ports.js';
import type { Change } from './change.js';
import { Parcel } from './message.js';
import type { Subscription } from './subscription.js';

const RETRY_MS = 250;

/** Who is subscribed to a channel now. */
interface Members {
  members(channel: string): ReadonlySet<Subscription> | undefined;
  /** States were not sent, and nobody knows which. */
  broke(error: unknown): void;
}

/** The states to be sent to those on one channel who want the newest only. */
interface Round {
  readonly channel: string;
  /** By aggregate, in the order of its newest change. Older ones are there for filters that the newest does not fit. */
  readonly changes: Map<string, Change[]>;
  /** Where set, for these alone. */
  readonly only?: Subscription;
  /** Sent after the states. */
  end?: Parcel;
}

interface Loaded {
  readonly changes: readonly Change[];
  readonly state: StateText;
}

/**
 * Sends states in place of changes, each loaded once for all. Round by round: what changes while one is loaded is in the
 * next, so a channel's positions only grow, and a cursor never passes over what was not sent.
 */
export class LatestStates {
  private readonly rounds = new Map<string | Subscription, Round>();
  private running: Promise<void> | undefined;

  constructor(private readonly states: States, private readonly hub: Members) {}

  /** These changed on the channel. */
  offer(channel: string, changes: readonly Change[]): void {
    const { changes: together } = this.roundFor(channel, { channel, changes: new Map() });
    for (const change of changes) {
      const before = together.get(change.key) ?? [];
      together.delete(change.key);
      together.set(change.key, before);
      before.push(change);
    }
  }

  /** The same for one subscription that was not there when they changed. @param end follows the states */
  catchUp(subscription: Subscription, wanted: readonly Change[], end?: Parcel): void {
    if (wanted.length === 0 && !end) return;
    const round = this.roundFor(subscription, { channel: subscription.channel.name, changes: new Map(), only: subscription });
    for (const change of wanted) {
      round.changes.delete(change.key);
      round.changes.set(change.key, [change]);
    }
    round.end = end;
  }

  private roundFor(whom: string | Subscription, fresh: Round): Round {
    let round = this.rounds.get(whom);
    if (!round) this.rounds.set(whom, round = fresh);
    this.running ??= Promise.resolve().then(() => this.run()).catch((error: unknown) => {
      this.running = undefined;
      this.rounds.clear();
      this.hub.broke(error);
    });
    return round;
  }

  private async run(): Promise<void> {
    while (this.rounds.size > 0) {
      const rounds = [...this.rounds.values()];
      this.rounds.clear();
      // The past first: what is new must not come before it.
      await Promise.all(rounds.filter(({ only }) => only).map((round) => this.send(round)));
      await Promise.all(rounds.filter(({ only }) => !only).map((round) => this.send(round)));
    }
    this.running = undefined;
  }

  private async send({ channel, changes, only, end }: Round): Promise<void> {
    const loaded = await Promise.all([...changes.values()].map(async (each) => ({ changes: each, state: await this.load(each.at(-1)!) })));
    const parcels = new Map<Change, Parcel>();
    for (const member of only ? [only] : [...this.hub.members(channel) ?? []]) {
      if (!member.wish.latest || member.ended) continue;
      for (const { change, state } of only || member.takesAll ? newestOf(loaded) : wantedOf(loaded, member)) {
        if (!only && change.position <= member.after) continue;
        let parcel = parcels.get(change);
        if (!parcel) parcels.set(change, parcel = new Parcel([change.stateMessage(channel, state.version, state.text)], change.position));
        member.session.pushState(change.key, parcel, member);
      }
    }
    if (only && end && !only.ended) only.session.pushState('', end, only);
  }

  /** A state that cannot be read now is waited for: to leave it out would be a gap. */
  private async load({ event: { ref }, position }: Change): Promise<StateText> {
    for (;;) {
      try {
        return await this.states.current(ref.type, ref.id, position);
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }
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
