/**
 * Client of the Global State Service, for Node and browsers. `createClient` is where to begin; the README beside the package
 * has examples and what is promised.
 */
export { type Client, createClient } from './client.js';
export type { BackoffRange } from './backoff.js';
export type { TokenSource } from './credentials.js';
export { ApiError, ConnectionError, StreamError } from './errors.js';
export type { JsonObject } from './json.js';
export type { ConnectionStatus } from './live/connection-status.js';
export type { ApplyOptions, LiveEvent, LiveState, LiveStateOptions, LiveView } from './live/live-state.js';
export type { Filter } from './live/protocol.js';
export type { Channel, Position, Watch, WatchMessage, WatchOptions } from './live/watch.js';
export type { WebSocketConstructor, WebSocketLike } from './live/web-socket.js';
/** `data` with a merge patch (RFC 7396) applied in which `{"$inc": n}` adds, as the service does it. */
export { applyChanges } from './merge-patch.js';
export type { ClientOptions, LiveOptions } from './options.js';
export type { HistoryOptions } from './rest/history.js';
export type { CallOptions, OperationId, OperationInput, OperationOutput } from './rest/operations.js';
export type { DeleteOptions, ReadOptions, SendOptions, UpdateOptions } from './rest/rest-client.js';
export type { Compute, UpdateWithOptions } from './rest/update-with.js';
export type {
  AggregateState, AggregateType, BatchResult, Changes, EventToPublish, GameEvent, Health, Increment, Operation, PublishedEvent, StateUpdate,
} from './types.js';
