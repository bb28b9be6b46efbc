import type { JsonObject } from '@app/kernel';
import type { Raised } from '../sql/raise-flags.js';

/** What a page of a walk brought. */
export interface WalkedPage {
  /** Rows that were read. */
  readonly read: number;
  /** Events that the rule was held against, up to `boundary` and after it. */
  readonly judged: Parts<number>;
  readonly found: Parts<readonly Raised[]>;
  /** From where a later walk can go on; absent where the page has no such place. */
  readonly boundary?: JsonObject;
}

/** What belongs before the boundary of a page, and what after it. */
export interface Parts<T> {
  readonly before: T;
  readonly after: T;
}
