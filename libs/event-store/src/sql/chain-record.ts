import type { AggregateSnapshot } from '@app/kernel';
import type { EventRecord } from '../writer/advance.js';

/** Commands decided on one another; accepted whole or not at all. */
export interface ChainRecord {
  readonly states: readonly StateRecord[];
  readonly events: readonly EventRecord[];
  readonly receipts: readonly { key: string; fingerprint: string; refs: readonly (readonly [string, string, number])[] }[];
}
/** An aggregate after the chain; `base` is the version it was decided on, `memory` what is new of it, as text. */
export interface StateRecord {
  readonly base: number;
  readonly after: AggregateSnapshot;
  readonly frozen: FrozenState;
  readonly memory?: string;
}
export interface FrozenState { readonly data: string; readonly checksum: string; readonly clocks: string }
