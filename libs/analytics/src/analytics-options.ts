import type { Pool } from 'pg';

export const ANALYTICS_OPTIONS = Symbol('analytics options');

/** What the module is bound to. */
export interface AnalyticsOptions {
  /** Serves the reads of the figures; its owner ends it. */
  readonly pool: Pool;
  /** Id of this region: events of another origin count at their own time, and their way here is no processing. */
  readonly region: string;
  /** Whether this instance counts; it serves what was counted either way. */
  readonly counts: boolean;
  readonly now?: () => number;
}
