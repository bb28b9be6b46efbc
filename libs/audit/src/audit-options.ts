import type { ServiceError } from '@app/kernel';
import type { Pool } from 'pg';

export const AUDIT_OPTIONS = Symbol('audit options');

export const TIMEOUT_MS = 5_000;

/** What the module is bound to. */
export interface AuditOptions {
  /** Where entries are written, over connections of the audit log's own: reads that queue for theirs hold no operator up. */
  readonly databaseUrl: string;
  /** Serves the reads; its owner ends it. */
  readonly pool: Pool;
  /** Whole days are dropped after so many. */
  readonly retentionDays: number;
  /** The newest position of the log that was committed by a moment. */
  readonly positionAt: (moment: Date) => Promise<number>;
  /** The body of a refusal, as all of HTTP has it. */
  readonly errorBody: (refusal: ServiceError) => object;
  /** One line for whoever runs the service. */
  readonly say: (level: 'warn' | 'error', line: string) => void;
  readonly now?: () => number;
  /** A write or a search that takes longer is given up, in ms. Default 5000. */
  readonly timeoutMs?: number;
}
