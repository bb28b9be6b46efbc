import type { Entry } from './entry.js';

/** Reads the truth: the entries of those keys that ever were, in one statement sent after the call. */
export type LoadEntries = (keys: readonly string[]) => Promise<ReadonlyMap<string, Entry>>;

/** That an aggregate reached a version. */
export interface KeyChange {
  readonly key: string;
  readonly version: number;
}

/** One look at the log; `ChangeBatch` of the event store. Times are of the monotonic clock. */
export interface LogLook {
  readonly epoch: string;
  /** Counts what changed states beside events; a look of another one is `restarted`. */
  readonly revision: number;
  readonly upTo: number;
  readonly changes: readonly KeyChange[];
  readonly askedAtMs: number;
  readonly caughtUp: boolean;
  readonly restarted: boolean;
}

/** What the caches learn of the log. */
export interface ChangeSource {
  /** Looks without end. A look with `restarted` says that what lay before it was not told. */
  follow(signal: AbortSignal): AsyncIterable<LogLook>;
  /** The changes between two positions, or `undefined` if they are more than `limit` events. */
  between(after: number, upTo: number, limit: number): Promise<{ readonly changes: readonly KeyChange[] } | undefined>;
  /** How long ago, in ms, the version after this one was committed; `undefined` if there is none. */
  staleFor(key: string, version: number): Promise<number | undefined>;
}

/** What the cache asks of its surroundings, in one place to bind. */
export interface CachePorts {
  readonly load: LoadEntries;
  readonly source: ChangeSource;
  /** One line for whoever runs the service. */
  readonly log: (level: 'warn' | 'error', line: string) => void;
}

/** What a reader demands. */
export interface ReadDemand {
  /** From PostgreSQL, read after the request came. */
  readonly strong?: boolean;
  /** At least what the log held at this position. */
  readonly minPosition?: number;
}
