import { type AggregateSnapshot, ServiceError } from '@app/kernel';
import type { ChainVerdict } from '../sql/append-group.js';
import type { ChainRecord, FrozenState } from '../sql/chain-record.js';
import type { StateDocument } from '../sql/read-states.js';
import { type EventRecord, type EventSource, freeze } from './advance.js';
import type { Pending, Slot } from './slot.js';

/** A state may not grow beyond this many bytes of canonical JSON. */
export const MAX_STATE_BYTES = 1024 * 1024;

/** Commands decided one on the state of the other, with what they make of it. */
export interface Chain {
  readonly slots: readonly Slot[];
  readonly links: readonly { pending: Pending; events: readonly EventRecord[] }[];
  readonly record: ChainRecord;
}

/** The states that an accepted chain led to, as a reader finds them in the database. */
export function committedStates({ record }: Chain, verdict: ChainVerdict & { accepted: true }): StateDocument[] {
  return record.states.map(({ after, frozen }) => ({
    ref: after.ref,
    version: after.version,
    deleted: after.deleted,
    data: frozen.data,
    checksum: frozen.checksum,
    lastModified: verdict.committedAt,
    position: verdict.position + record.events.findLastIndex(({ ref }) => ref === after.ref),
  }));
}

/**
 * Why a slot yields no chain now: its first command was refused on a state that may be old (`confirm`), or waits for
 * another of its aggregates (`wait`), or nothing is left to do (`empty`).
 */
export type NoChain = 'confirm' | 'wait' | 'empty';

/**
 * Decides what waits at a slot, in order of arrival, each command on the state after the one before it.
 *
 * A refusal counts only on a state that the database confirmed after the command arrived, and with its keys looked up
 * after that: a duplicate beats a refusal. One that is decided on the uncommitted state of this very chain ends the chain
 * and waits for its commit.
 */
export function buildChain(slot: Slot, source: EventSource, maxEvents: number): Chain | NoChain {
  for (;;) {
    const first = slot.queue[0];
    if (!first) return 'empty';
    if (!isRunnable(first)) return 'wait';
    const walk = new Walk(first.slots, source);
    for (const pending of slot.queue.slice()) {
      if (pending !== first && (goesAlone(first) || goesAlone(pending))) break;
      const step = walk.take(pending);
      if (step === 'refused on unconfirmed state') return 'confirm';
      if (step !== 'taken' && pending === first) break;
      if (step === 'refused on uncommitted state' || walk.events >= maxEvents) break;
    }
    if (walk.links.length === 0) continue; // the first was refused for good
    const chain = walk.finish();
    if (chain) return chain;
  }
}

/**
 * Decides the commands of a chain again on the states that its slots hold now, up to the first one that is refused.
 * `undefined` if that is the first of all.
 */
export function redecide(chain: Chain, source: EventSource): Chain | undefined {
  const walk = new Walk(chain.slots, source);
  for (const { pending } of chain.links) if (walk.take(pending) !== 'taken') break;
  const decided = walk.links.length > 0 ? walk.finish() : undefined;
  return decided === 'confirm' ? undefined : decided;
}

function isRunnable(pending: Pending): boolean {
  return pending.slots.every((slot) => !slot.busy && slot.base !== undefined && slot.queue[0] === pending);
}

function goesAlone(pending: Pending): boolean {
  return pending.alone || pending.slots.length > 1;
}

type Step = 'taken' | 'refused' | 'refused on uncommitted state' | 'refused on unconfirmed state';

class Walk {
  readonly links: { pending: Pending; events: readonly EventRecord[] }[] = [];
  events = 0;
  private states: AggregateSnapshot[];

  constructor(private readonly slots: readonly Slot[], private readonly source: EventSource) {
    this.states = slots.map((slot) => slot.base!);
  }

  take(pending: Pending): Step {
    try {
      const events = this.decide(pending);
      this.links.push({ pending, events });
      this.events += events.length;
      return 'taken';
    } catch (error) {
      if (error instanceof ServiceError) {
        if (this.links.length > 0) return 'refused on uncommitted state';
        if (!this.isConfirmedFor(pending)) return 'refused on unconfirmed state';
      }
      pending.reject(error);
      return 'refused';
    }
  }

  private decide({ command }: Pending): EventRecord[] {
    const drafts = command.decide(this.states);
    const next: AggregateSnapshot[] = [];
    const events: EventRecord[] = [];
    this.states.forEach((start, i) => {
      let state = start;
      for (const draft of drafts[i] ?? []) {
        if (draft.eventId !== undefined && draft.eventId !== command.publisherEvent?.eventId) {
          throw new Error('an event with an id of its own needs publisherEvent: its duplicates could not be told');
        }
        const step = this.source.advance(state, draft, command.context, command.receipt?.key);
        events.push(step.event);
        state = step.state;
      }
      if (state === start) throw new Error(`a command decided no event for ${this.slots[i]!.key}`);
      next.push(state);
    });
    this.states = next;
    return events;
  }

  private isConfirmedFor(pending: Pending): boolean {
    return this.slots.every((slot) => slot.confirmedAt > pending.arrivedAt &&
      (!pending.hasKeys || pending.keysCheckedAt > slot.confirmedAt));
  }

  /**
   * The chain, or `undefined` when its state is too large: a lone command is refused for it, once its state and keys
   * are confirmed; several are tried alone.
   */
  finish(): Chain | 'confirm' | undefined {
    const frozen = this.states.map(freeze);
    if (frozen.some(({ data }) => Buffer.byteLength(data) > MAX_STATE_BYTES)) {
      const [lone, ...others] = this.links.map(({ pending }) => pending);
      if (others.length > 0) for (const { pending } of this.links) pending.alone = true;
      else if (!this.isConfirmedFor(lone!)) return 'confirm';
      else lone!.reject(tooLarge());
      return undefined;
    }
    for (const link of this.links) link.pending.sent = link.events;
    return { slots: this.slots, links: this.links, record: this.record(frozen) };
  }

  private record(frozen: readonly FrozenState[]): ChainRecord {
    return {
      states: this.slots.map(({ base }, i) => {
        const after = this.states[i]!;
        const memory = after.memory === base!.memory ? undefined : JSON.stringify(after.memory);
        return { base: base!.version, after, frozen: frozen[i]!, memory };
      }),
      events: this.links.flatMap((link) => link.events),
      receipts: this.links.flatMap(({ pending, events }) => {
        const { receipt } = pending.command;
        return receipt ? [{ ...receipt, refs: events.map((e) => [e.ref.type, e.ref.id, e.version] as const) }] : [];
      }),
    };
  }
}

function tooLarge(): ServiceError {
  return new ServiceError('INVALID_OPERATION', `the state would grow beyond ${MAX_STATE_BYTES} bytes`, {
    maxStateBytes: MAX_STATE_BYTES,
  });
}
