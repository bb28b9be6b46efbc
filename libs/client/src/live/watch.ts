import type { JsonObject } from '../json.js';
import type { AggregateState, Operation } from '../types.js';
import type { Filter, StateChanged } from './protocol.js';

/** A channel: the changes of an aggregate, of all of a type, of a server or a combat session, or of an operation. */
export type Channel =
  | `${'player' | 'guild' | 'world' | 'economy' | 'combat'}/${string}`
  | `server/${string}`
  | `operations/${string}`;

/** What a consumer of a channel gets, in order. */
export type WatchMessage<Data extends object = JsonObject> =
  /** A change as it was committed; `changes` is a merge patch with increments resolved. With `delivery: 'latest'`: `state`. */
  | (Omit<StateChanged, 'messageType' | 'changes' | 'state'> & {
    readonly type: 'change'; readonly changes?: Partial<Data>; readonly state?: AggregateState<Data> | null;
  })
  /** The state that the following changes start from; null: there is none. */
  | Started<'snapshot', Data>
  /** History that was missed is out of reach. Forget what was built from earlier messages: this state takes its place. */
  | Started<'reset', Data>
  /** How far an operation is: at the beginning, and whenever that has changed; the newest only. */
  | { readonly type: 'operation'; readonly channel: string; readonly cursor: string; readonly operation: Operation }
  /** All that was missed has been delivered. Again after every reconnection. */
  | { readonly type: 'live'; readonly channel: string; readonly cursor: string }
  | {
    readonly type: 'presence'; readonly channel: string;
    readonly members?: readonly string[]; readonly joined?: readonly string[]; readonly left?: readonly string[];
  };

interface Started<Type extends string, Data extends object> {
  readonly type: Type;
  readonly channel: string;
  readonly cursor: string;
  /** Null where there is no aggregate, and for a channel of many. */
  readonly state: AggregateState<Data> | null;
}

export interface WatchOptions {
  /** Where an earlier watch of the same channel stopped: its `position`. Default: from now on. */
  readonly position?: Position;
  /** Begin with the state. */
  readonly snapshot?: boolean;
  readonly filter?: Filter;
  /** `latest` skips what a newer change of the same aggregate has overtaken. Default: `lossless`. */
  readonly delivery?: 'lossless' | 'latest';
  /** Also tell who is on the channel. */
  readonly presence?: boolean;
  /** Ends the watch: the iterator throws the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Messages held for a consumer that is slow. When they are this many the client takes no more, and fetches what came
   * meanwhile once they are consumed. Default: 1000.
   */
  readonly bufferSize?: number;
}

/** A place in a channel. Opaque; may be stored as JSON. */
export interface Position {
  readonly cursor: string;
  readonly epoch: string;
}

/** The messages of a channel. Breaking out of a `for await`, or `return()`, ends it. */
export interface Watch<Data extends object = JsonObject> extends AsyncIterableIterator<WatchMessage<Data>, undefined, undefined> {
  /** Behind the last message that was taken, or further on where nothing has come since. */
  readonly position: Position | undefined;
  return(): Promise<IteratorReturnResult<undefined>>;
}
