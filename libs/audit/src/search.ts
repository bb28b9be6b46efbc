import type { AggregateType } from '@app/kernel';
import type { AuditKind, AuditOutcome } from './entry.js';

/** What is looked for. */
export interface AuditFilter {
  readonly actor?: string;
  readonly kind?: AuditKind;
  readonly outcome?: AuditOutcome;
  readonly aggregateType?: AggregateType;
  readonly aggregateId?: string;
}

/** What is left to look at of either source. */
export interface Bounds {
  /** Events after this position. */
  readonly fromPosition: number;
  /** Events before this one. */
  readonly beforePosition: number;
  /** Entries from this moment on. */
  readonly from: Date;
  /** Entries before this one. */
  readonly before: { readonly at: Date; readonly id: string };
}
