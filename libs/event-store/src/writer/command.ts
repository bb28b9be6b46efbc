import type { AggregateRef, AggregateSnapshot, EventContext, EventDraft, Op, StoredEvent } from '@app/kernel';

/**
 * The unit of writing: 1 to 16 distinct aggregates, all or nothing, one verdict.
 */
export interface Command {
  readonly aggregates: readonly AggregateRef[];
  readonly context: EventContext;
  /**
   * Pure: the events for each aggregate, in the order of `aggregates`. Throws a `ServiceError` to refuse. Called again
   * with newer states when another writer came first.
   */
  decide(states: readonly AggregateSnapshot[]): readonly (readonly EventDraft[])[];
  /** The client's `Idempotency-Key`, scoped, with a digest of the request: the same key with another digest is refused. */
  readonly receipt?: { readonly key: string; readonly fingerprint: string };
  /** Set when the publisher chose the id of the command's only event. */
  readonly publisherEvent?: {
    readonly eventId: string;
    /** Whether the stored event of this id says what this command says; if not, the id was used for something else. */
    sameAs(stored: StoredEvent): boolean;
  };
}

/** What a caller learns of one event that its command appended. */
export interface AppendedEvent {
  readonly ref: AggregateRef;
  readonly eventId: string;
  readonly type: string;
  readonly version: number;
  readonly ops: readonly Op[];
  readonly partition: number;
  readonly position: number;
  readonly committedAt: Date;
}

/** The verdict on a command that was not refused. `duplicate`: an earlier command had this key; these are its events. */
export interface Outcome {
  readonly duplicate: boolean;
  readonly events: readonly AppendedEvent[];
}
