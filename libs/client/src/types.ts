import type { components } from './generated/api.js';
import type { JsonObject } from './json.js';

type Schemas = components['schemas'];

export type AggregateType = Schemas['AggregateState']['aggregateType'];
export type GameEvent = Schemas['GameEvent'];
export type Health = Schemas['HealthResponse'];
export type StateUpdate = Schemas['StateUpdateResponse'];
export type EventToPublish = Schemas['EventPublishRequest'];
export type BatchResult = Schemas['EventBatchResponse'];
export type Operation = Schemas['Operation'];
export type PublishedEvent = Schemas['EventPublishResponse'];

/** The state of an aggregate after one of its versions. */
export type AggregateState<Data extends object = JsonObject> = Omit<Schemas['AggregateState'], 'data' | 'events'> & {
  readonly data: Data;
  /** Only where they were asked for. */
  readonly events?: readonly GameEvent[];
};

/** Adds to a number without reading it first. */
export interface Increment {
  readonly $inc: number;
}

/** A merge patch (RFC 7396) on `data`: null deletes a key, arrays replace, `{"$inc": n}` adds. */
export type Changes<Data extends object = JsonObject> = {
  readonly [Key in keyof Data]?: Change<Data[Key]> | null;
};
type Change<Value> = Value extends number ? Value | Increment
  : Value extends readonly unknown[] ? Value
    : Value extends object ? Changes<Value> : Value;
