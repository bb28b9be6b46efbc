import type { IncomingMessage } from 'node:http';
import type { SharedPresence } from './engine/presence.js';
import type { ChannelEvents, ChannelQuery } from '@app/event-store';
import type { ServiceError, StoredEvent } from '@app/kernel';

/** The log, as far as streams read it; `EventStore` in the service. */
export interface LiveLog {
  /** Where it stands. */
  head(): Promise<{ readonly epoch: string; readonly position: number }>;
  /** Every event after a position, in order, once, without end. */
  tail(after: number, signal: AbortSignal): AsyncIterable<readonly StoredEvent[]>;
  /** What of a channel lies after a position: a page of it, or `undefined` if that is out of reach. */
  missed(channel: ChannelQuery, after: number): Promise<ChannelEvents | undefined>;
  /** The epoch as it was seen last. */
  epoch(): string | undefined;
}

/** A state as JSON text of an `AggregateState`; null for a tombstone and what never was. */
export interface StateText {
  readonly version: number;
  /** In the log, of the event `version`. */
  readonly position: number;
  readonly text: string | null;
}

export interface States {
  /** The state now: at least what the log held at this position. */
  current(type: string, id: string, minPosition: number): Promise<StateText>;
  /** The state after the event `version`; 0 is before the first. */
  at(type: string, id: string, version: number): Promise<StateText>;
}

/** An operation as JSON text. */
export interface OperationText {
  readonly text: string;
  /** Nothing becomes of it any more. */
  readonly isOver: boolean;
}

export interface LiveOperations {
  /** @throws ServiceError if there is none */
  read(id: string): Promise<OperationText>;
}

/** What was refused: the beginning of a stream, or a subscription on it. */
export interface StreamRefusal {
  readonly refusal: ServiceError;
  /** At the beginning of a stream. */
  readonly request?: IncomingMessage;
  /** Who asked, where that is known. */
  readonly subject?: string;
  readonly channel?: string;
}

/** What streams ask of their surroundings, in one place to bind. */
export interface StreamPorts {
  readonly log: LiveLog;
  readonly states: States;
  readonly operations: LiveOperations;
  /** Who is present on other instances; absent: each knows its own only. */
  readonly presence?: SharedPresence;
  /** False while the service drains: no more connections then. */
  readonly isServing: () => boolean;
  /** Of the service. */
  readonly version: string;
  /** The body of a refusal, as all of HTTP has it. */
  readonly errorBody: (refusal: ServiceError) => object;
  /** Told of what was refused over WebSocket, or on a stream that is open: no HTTP hook sees that. */
  readonly refused?: (refusal: StreamRefusal) => void;
  /** One line for whoever runs the service. */
  readonly say: (level: 'warn' | 'error', line: string) => void;
}

/** For Nest's injection. */
export const STREAM_PORTS = Symbol('stream ports');
