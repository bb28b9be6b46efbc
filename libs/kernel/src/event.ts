import type { Hlc } from './hlc.js';
import type { JsonObject } from './json.js';
import type { FoldState, Op } from './ops.js';

export const AGGREGATE_TYPES = ['player', 'guild', 'world', 'economy', 'combat'] as const;
/** The kinds of aggregate of the contract. The event store itself takes any. */
export type AggregateType = (typeof AGGREGATE_TYPES)[number];

/** Names one aggregate: a stream of events and the state they fold to. `id` is a UUID in lower case. */
export interface AggregateRef {
  readonly type: string;
  readonly id: string;
}

/** The aggregate as one string, for maps and logs. */
export function refKey(ref: AggregateRef): string {
  return `${ref.type}/${ref.id}`;
}

/** What a decider returns: a past-tense fact with its effect. The event store adds the rest. */
export interface EventDraft {
  /** Given by the publisher as the event's idempotency key; made by the event store where absent. */
  readonly eventId?: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: JsonObject;
  readonly ops: readonly Op[];
  /** Added to the metadata of the command's context; the service's own, never a client's. */
  readonly metadata?: JsonObject;
  /** What the decider wants to find again at its next decision on the aggregate; absent: what was there stays. */
  readonly memory?: JsonObject;
}

/** Who and what stands behind a command; stored with each of its events. Ids are UUIDs. */
export interface EventContext {
  readonly actor: string;
  readonly metadata?: JsonObject;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly serverId?: string;
  readonly playerId?: string;
  readonly sessionId?: string;
}

/** The state of an aggregate after its event `version`. Version 0: it never was. */
export interface AggregateSnapshot extends FoldState {
  readonly ref: AggregateRef;
  readonly version: number;
  /** Hash of the event `version`, hex; the head of the aggregate's hash chain. */
  readonly hash: string;
  readonly hlc: Hlc;
  /** The newest that a draft left here. No part of data, checksum or hash; events do not have it. */
  readonly memory?: JsonObject;
  /** Where and when it was read, and how it had been folded: the event store's own business. */
  readonly build?: { readonly number: number; readonly revision: number; readonly foldGeneration: number };
}

/** An event as the log holds it. */
export interface StoredEvent {
  readonly partition: number;
  readonly position: number;
  readonly eventId: string;
  readonly ref: AggregateRef;
  readonly generation: number;
  readonly version: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: JsonObject;
  readonly ops: readonly Op[];
  readonly context: EventContext;
  readonly commandKey?: string;
  readonly origin: string;
  readonly originSequence: number;
  readonly hlc: Hlc;
  readonly hash: string;
  readonly committedAt: Date;
}
