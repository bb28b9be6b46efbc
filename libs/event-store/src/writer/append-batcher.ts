import { type AggregateRef, refKey, ServiceError } from '@app/kernel';
import type { Pool } from 'pg';
import type { ChainVerdict } from '../sql/append-group.js';
import { isTransient } from '../sql/database.js';
import { loadStates } from '../sql/load-states.js';
import { EventSource } from './advance.js';
import { buildChain, type Chain } from './chain.js';
import type { Command, Outcome } from './command.js';
import { Committer, databaseAway } from './committer.js';
import { settleDuplicates } from './duplicates.js';
import { IdleStates } from './idle-states.js';
import { Lanes } from './lanes.js';
import { type AppendObserver, verdictOf } from './observer.js';
import { Pending, Slot } from './slot.js';
import { keysOf, Twins } from './twins.js';

export interface BatcherOptions {
  /** Region id: the origin of the events that are made here. */
  readonly origin: string;
  /** Groups in flight at once, each on a connection of its own. */
  readonly lanes: number;
  /** A group is closed when it holds this many events. */
  readonly maxGroupEvents: number;
  /** Commands waiting beyond this number are refused with 503. */
  readonly maxQueued: number;
  /** How long, in ms, a command waits for a database that is away. */
  readonly patienceMs: number;
  /** Aggregates whose state is kept between commands, and what these may take, in bytes. */
  readonly maxIdle: number;
  readonly maxIdleBytes: number;
}

/** Chosen by measurement: docs/decisions/0004. */
export const BATCHER_DEFAULTS: Omit<BatcherOptions, 'origin'> = {
  lanes: 2, maxGroupEvents: 128, maxQueued: 8192, patienceMs: 5000, maxIdle: 20_000, maxIdleBytes: 64 * 1024 * 1024,
};

const LOST_ROUNDS_BEFORE_LOCKING = 3;

/**
 * Group append. Commands that arrive while a group is in flight go together into the next one; a lone command is sent at
 * once. Each aggregate has one group in flight and its commands are decided in memory one after another.
 *
 * The states kept here are a guess: the database compares versions under its lock and has the last word.
 */
export class AppendBatcher {
  private readonly active = new Map<string, Slot>();
  readonly idle: IdleStates;
  private readonly ready = new Set<Slot>();
  private readonly toLoad = new Set<Slot>();
  private readonly twins = new Twins();
  private readonly committer: Committer;
  private readonly lanes: Lanes;
  private loading = false;
  private scheduled = false;
  private closing = false;
  private queued = 0;
  private settledCount = 0;
  /** Logical clock: orders arrivals against what was asked of the database. */
  private clock = 0;
  private whenDrained: (() => void) | undefined;
  /** Told of every chain that was committed here, before its commands are answered. Must not throw. */
  committed: (chain: Chain, verdict: ChainVerdict & { accepted: true }) => void = () => undefined;

  constructor(
    private readonly pool: Pool, private readonly options: BatcherOptions, private readonly observer: AppendObserver,
    private readonly source = new EventSource(options.origin),
  ) {
    this.lanes = new Lanes(options, () => this.schedule());
    this.idle = new IdleStates(options.maxIdle, options.maxIdleBytes);
    this.committer = new Committer(pool, source, options, observer);
  }

  /** Commands without a verdict. */
  get queueDepth(): number {
    return this.queued;
  }

  /** Commands that have had their verdict. */
  get settled(): number {
    return this.settledCount;
  }

  /**
   * Decides the command and appends its events; answers when they are durable. Rejects with what `decide` threw, with 422
   * for a key that was used for something else, and with 503 when too many wait or the database stays away (the
   * command may then have been committed: send it again with the same key).
   */
  async execute(command: Command): Promise<Outcome> {
    if (this.closing || this.queued >= this.options.maxQueued) {
      this.observer.verdict('overloaded');
      const why = this.closing ? 'the service is shutting down' : 'too many commands are waiting';
      throw new ServiceError('SERVICE_UNAVAILABLE', why, undefined, 1);
    }
    this.queued += 1;
    try {
      const outcome = await this.twins.inTurn(keysOf(command), () => this.enqueue(command));
      this.observer.verdict(outcome.duplicate ? 'duplicate' : 'appended');
      return outcome;
    } catch (error) {
      this.observer.verdict(verdictOf(error));
      throw error;
    } finally {
      this.queued -= 1;
      this.settledCount += 1;
      if (this.queued === 0) this.whenDrained?.();
    }
  }

  private enqueue(command: Command): Promise<Outcome> {
    const slots = command.aggregates.map((ref) => this.slotOf(ref));
    const wakeAll = (): void => slots.forEach((slot) => this.wake(slot));
    return new Promise<Outcome>((resolve, reject) => {
      const pending = new Pending(command, slots, ++this.clock, { resolve, reject, left: wakeAll });
      for (const slot of slots) slot.queue.push(pending);
      wakeAll();
    });
  }

  /** Takes no more commands and resolves when every one it took has its verdict. */
  async drain(): Promise<void> {
    this.closing = true;
    if (this.queued > 0) await new Promise<void>((resolve) => (this.whenDrained = resolve));
  }

  private slotOf(ref: AggregateRef): Slot {
    const key = refKey(ref);
    let slot = this.active.get(key);
    if (!slot) {
      slot = new Slot(ref, this.idle.get(key));
      this.active.set(key, slot);
    }
    return slot;
  }

  /** Puts a slot where its next step is taken; a slot with nothing to do is laid aside. */
  private wake(slot: Slot): void {
    if (slot.busy) return;
    if (slot.queue.length === 0) {
      this.active.delete(slot.key);
      this.ready.delete(slot);
      if (slot.base) this.idle.set(slot.key, slot.base, slot.textLength);
      return;
    }
    if (slot.base) this.ready.add(slot);
    else this.reload(slot, slot.keysWanted);
    this.schedule();
  }

  /** Everything that arrives in the same turn of the event loop shares a group. */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.pump();
    });
  }

  private pump(): void {
    if (!this.loading && this.toLoad.size > 0) void this.load();
    while (this.lanes.takes(this.ready.size)) {
      const chains = this.gather();
      if (chains.length > 0) void this.send(chains);
    }
  }

  private gather(): Chain[] {
    const chains: Chain[] = [];
    let events = 0;
    for (const slot of this.ready) {
      if (events >= this.options.maxGroupEvents) break;
      this.ready.delete(slot);
      if (slot.busy) continue;
      const chain = buildChain(slot, this.source, this.options.maxGroupEvents - events);
      if (chain === 'wait') continue;
      if (chain === 'confirm') this.confirm(slot);
      else if (chain === 'empty') this.wake(slot);
      else {
        for (const each of chain.slots) each.busy = true;
        events += chain.record.events.length;
        chains.push(chain);
      }
    }
    if (this.toLoad.size > 0) this.schedule();
    return chains;
  }

  private confirm(slot: Slot): void {
    for (const each of slot.queue[0]?.slots ?? []) if (!each.busy) this.reload(each, true);
  }

  private reload(slot: Slot, keysWanted: boolean): void {
    slot.busy = true;
    slot.base = slot.textLength = undefined;
    slot.keysWanted ||= keysWanted;
    this.ready.delete(slot);
    this.toLoad.add(slot);
  }

  /** States first, keys after them: a key that is not there now was not behind the state that was read. */
  private async load(): Promise<void> {
    this.loading = true;
    const slots = [...this.toLoad];
    this.toLoad.clear();
    const asked = ++this.clock;
    try {
      const states = await loadStates(this.pool, slots.map((slot) => slot.ref));
      const waiting = new Set(slots.filter((slot) => slot.keysWanted).flatMap((slot) => slot.queue));
      if (waiting.size > 0) await settleDuplicates(this.pool, [...waiting]);
      for (const pending of waiting) pending.keysCheckedAt = ++this.clock;
      for (const [i, slot] of slots.entries()) {
        slot.base = states[i]!;
        slot.confirmedAt = asked;
        slot.keysWanted = false;
      }
    } catch (error) {
      await this.loadFailed(slots, error);
    }
    this.loading = false;
    for (const slot of slots) this.release(slot);
    this.schedule();
  }

  private async loadFailed(slots: readonly Slot[], error: unknown): Promise<void> {
    const patient = isTransient(error);
    const oldest = performance.now() - this.options.patienceMs;
    for (const slot of slots) {
      for (const pending of slot.queue.slice()) {
        if (!patient) pending.reject(error);
        else if (pending.arrivedMs < oldest) pending.reject(databaseAway());
      }
    }
    if (patient) await new Promise((resolve) => setTimeout(resolve, 100));
  }

  private async send(chains: readonly Chain[]): Promise<void> {
    const leave = this.lanes.enter();
    const asked = ++this.clock;
    const contended = chains.filter((chain) => chain.slots.some((slot) => slot.lost >= LOST_ROUNDS_BEFORE_LOCKING));
    const calm = chains.filter((chain) => !contended.includes(chain));
    await this.committer.commit(calm, (chain, verdict) => this.settle(chain, verdict, asked));
    for (const chain of contended) {
      await this.committer.commitLocked(chain, (decided, verdict) => this.settle(decided, verdict, asked));
    }
    leave();
    this.schedule();
  }

  /** Takes in what became of a chain: appended, refused by the database, or failed with an error. */
  private settle(chain: Chain, verdict: ChainVerdict | { readonly error: unknown }, asked: number): void {
    if ('error' in verdict) this.fail(chain, verdict.error);
    else if (verdict.accepted) this.accept(chain, verdict, asked);
    else {
      this.observer.verdict('conflict', chain.links.length);
      for (const slot of chain.slots) {
        slot.lost += 1;
        this.reload(slot, true);
      }
      this.schedule();
      return;
    }
    for (const slot of chain.slots) this.release(slot);
  }

  private accept(chain: Chain, verdict: ChainVerdict & { accepted: true }, asked: number): void {
    chain.slots.forEach((slot, i) => slot.accept(chain.record.states[i]!, asked));
    this.committed(chain, verdict);
    let { position } = verdict;
    for (const { pending, events } of chain.links) {
      pending.resolve({
        duplicate: false,
        events: events.map((event) => ({
          ref: event.ref, eventId: event.eventId, type: event.draft.type, version: event.version, ops: event.draft.ops,
          partition: event.partition, position: position++, committedAt: verdict.committedAt,
        })),
      });
    }
  }

  /** A lone command takes the blame; of several, each goes alone next time, so that the poison fails by itself. */
  private fail(chain: Chain, error: unknown): void {
    for (const { pending } of chain.links) {
      if (chain.links.length === 1 || error instanceof ServiceError) pending.reject(error);
      pending.alone = true;
    }
    for (const slot of chain.slots) {
      slot.base = undefined;
      slot.keysWanted = true;
    }
  }

  private release(slot: Slot): void {
    slot.busy = false;
    this.wake(slot);
  }
}
