import type { JsonObject } from '../json.js';
import type { AggregateState, AggregateType, Operation } from '../types.js';

/** What the client sends, as JSON text frames. */
export type ClientMessage =
  | ({ readonly action: 'subscribe'; readonly id: string; readonly channel: string } & SubscribeOptions)
  | { readonly action: 'unsubscribe'; readonly id: string; readonly channel: string }
  | { readonly action: 'ping'; readonly id: string };

export interface SubscribeOptions {
  /** The cursor of the last message that was handled, with the `epoch` it was given in. */
  readonly from?: string;
  readonly epoch?: string;
  readonly snapshot?: boolean;
  readonly filter?: Filter;
  readonly delivery?: 'lossless' | 'latest';
  readonly presence?: boolean;
}

export interface Filter {
  readonly eventTypes?: readonly string[];
  /** JSON Pointers (RFC 6901): only changes at or below one of them. */
  readonly paths?: readonly string[];
}

export interface StateChanged {
  readonly messageType: 'STATE_CHANGED';
  readonly channel: string;
  readonly cursor: string;
  readonly timestamp: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly aggregateType: AggregateType;
  readonly aggregateId: string;
  readonly version: number;
  readonly changes?: JsonObject;
  readonly state?: AggregateState | null;
  readonly deleted?: boolean;
  readonly serverId?: string;
}

/** What a server says about one channel. */
export type ChannelMessage =
  | StateChanged
  | {
    readonly messageType: 'SUBSCRIBED'; readonly id: string; readonly channel: string;
    readonly cursor: string; readonly epoch: string; readonly recovered: boolean;
  }
  | { readonly messageType: 'SNAPSHOT'; readonly channel: string; readonly cursor: string; readonly state: AggregateState | null }
  | { readonly messageType: 'OPERATION_CHANGED'; readonly channel: string; readonly cursor: string; readonly operation: Operation }
  | { readonly messageType: 'LIVE'; readonly channel: string; readonly cursor: string }
  | { readonly messageType: 'CURSOR'; readonly channel: string; readonly cursor: string }
  | { readonly messageType: 'UNSUBSCRIBED'; readonly id: string; readonly channel: string }
  | { readonly messageType: 'RESYNC_REQUIRED'; readonly channel: string; readonly cursor: string }
  | {
    readonly messageType: 'PRESENCE'; readonly channel: string;
    readonly members?: readonly string[]; readonly joined?: readonly string[]; readonly left?: readonly string[];
  };

export interface ErrorMessage {
  readonly messageType: 'ERROR';
  readonly id?: string;
  readonly error: string;
  readonly code: string;
  readonly message: string;
}

export type ServerMessage = ChannelMessage | ErrorMessage | { readonly messageType: 'PONG'; readonly id: string };
