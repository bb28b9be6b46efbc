import {
  type AggregateRef, type AggregateSnapshot, canonicalJson, EMPTY_FOLD, type EventContext, type EventDraft, fold,
  type FoldState, type Hlc, nextHlc, sha256Hex,
} from '@app/kernel';
import { eventIdAt } from './event-id.js';

/**
 * Counts the ways in which state has been folded from ops. Raised when `fold` changes what it yields, so that rows of an
 * older way can be told and rebuilt.
 */
export const FOLD_GENERATION = 1;

/** The log partition of every aggregate: one today. Stored with the aggregate at its creation and never computed again. */
export const PARTITION = 0;

/** The head of the hash chain before the first event: 32 zero bytes, hex. */
export const CHAIN_START = '0'.repeat(64);

/** An event on its way into the log: all its columns but those that are handed out under the head's lock. */
export interface EventRecord {
  readonly partition: number;
  readonly eventId: string;
  readonly ref: AggregateRef;
  readonly generation: number;
  readonly version: number;
  readonly draft: EventDraft;
  readonly context: EventContext;
  readonly commandKey: string | undefined;
  readonly origin: string;
  readonly hlc: Hlc;
  readonly hash: string;
  /** The bytes that are hashed and stored. */
  readonly text: { readonly data: string; readonly ops: string; readonly metadata: string | undefined };
}

/** What the hash of an event covers. The type of the aggregate is any text: a verifier hashes what it finds. */
export interface HashedEvent extends Pick<EventRecord,
  'partition' | 'eventId' | 'generation' | 'version' | 'commandKey' | 'origin' | 'text'> {
  readonly ref: { readonly type: string; readonly id: string };
  readonly draft: Pick<EventDraft, 'type' | 'schemaVersion'> & Partial<EventDraft>;
  /** Its metadata is hashed as text. */
  readonly context: Omit<EventContext, 'metadata'> & { readonly metadata?: unknown };
  /** Its decimal digits are hashed. */
  readonly hlc: Hlc | string;
}

/** The state of an aggregate that never was. */
export function unborn(ref: AggregateRef): AggregateSnapshot {
  return { ...EMPTY_FOLD, ref, version: 0, hash: CHAIN_START, hlc: 0n };
}

/** What gives events their clock and origin: one a process. */
export class EventSource {
  private last: Hlc = 0n;

  constructor(readonly origin: string, private readonly now: () => number = Date.now) {}

  /** Greater than every clock reading it gave before and than the aggregate's last. */
  tick(previous: Hlc): Hlc {
    this.last = nextHlc(previous > this.last ? previous : this.last, this.now());
    return this.last;
  }

  /** The event of a draft on a state, and the state after it. */
  advance(
    state: AggregateSnapshot, draft: EventDraft, context: EventContext, commandKey?: string,
  ): { event: EventRecord; state: AggregateSnapshot } {
    const version = state.version + 1;
    const folded: FoldState = fold(state, draft.ops, version);
    const hlc = this.tick(state.hlc);
    const metadata = draft.metadata ? { ...context.metadata, ...draft.metadata } : context.metadata;
    const event: { -readonly [K in keyof EventRecord]: EventRecord[K] } = {
      partition: PARTITION,
      eventId: draft.eventId ?? eventIdAt(hlc),
      ref: state.ref,
      generation: folded.generation,
      version,
      draft,
      context,
      commandKey,
      origin: this.origin,
      hlc,
      hash: '',
      text: {
        data: JSON.stringify(draft.data),
        ops: JSON.stringify(draft.ops),
        metadata: metadata && JSON.stringify(metadata),
      },
    };
    // Filled in and written out, not spread: a spread of so many members is slow, and this runs for every event.
    const { data, clocks, generation, deleted } = folded;
    const hash = (event.hash = hashEvent(state.hash, event));
    const memory = draft.memory ?? state.memory;
    return { event, state: { data, clocks, generation, deleted, ref: state.ref, version, hash, hlc, memory, build: state.build } };
  }
}

/**
 * The hash of an event in its aggregate's chain: SHA-256 over the previous hash and the stored bytes of every column,
 * newline-separated (no stored JSON text holds a raw newline). Not covered is what the head's lock hands out: position,
 * origin sequence and commit time.
 */
export function hashEvent(previous: string, event: HashedEvent): string {
  const { ref, draft, context } = event;
  const header = JSON.stringify([
    event.partition, event.eventId, ref.type, ref.id, event.generation, event.version, draft.type, draft.schemaVersion,
    context.actor, event.commandKey ?? null, context.correlationId ?? null, context.causationId ?? null,
    context.serverId ?? null, context.playerId ?? null, context.sessionId ?? null, event.origin, event.hlc.toString(),
  ]);
  const { data, ops, metadata } = event.text;
  return sha256Hex(`${previous}\n${header}\n${data}\n${ops}\n${metadata ?? ''}`);
}

/** The bytes of a state as they are stored and served: canonical JSON (RFC 8785), and their SHA-256. */
export function freeze(state: FoldState): { data: string; checksum: string; clocks: string } {
  const data = canonicalJson(state.data);
  return { data, checksum: sha256Hex(data), clocks: canonicalJson(state.clocks) };
}
