import type { Json, JsonObject } from '@app/kernel';

/** Everything an entry can be. `command`: an event of the log, which is its own entry and is stored nowhere else. */
export const AUDIT_KINDS = ['command', 'refusal', 'authentication', 'operation', 'rollback', 'administration'] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** How it ended. `begun`: it was written down before it was done, and no end of it; its process died, or is at it. */
export const AUDIT_OUTCOMES = ['accepted', 'refused', 'failed', 'begun'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** What it was aimed at: an aggregate, or what else has an id. */
export interface AuditTarget {
  readonly aggregateType?: string;
  readonly aggregateId?: string;
  readonly [name: string]: Json | undefined;
}

/** How an action ended. */
export interface Ending {
  readonly outcome: Exclude<AuditOutcome, 'begun'>;
  /** Of the HTTP answer. */
  readonly status?: number;
  /** The stable word of a refusal. */
  readonly error?: string;
  readonly reason?: string;
  readonly target?: AuditTarget;
}

/** What is to be written down. Everything in it is redacted, printable and bounded already. */
export interface Note extends Partial<Omit<Ending, 'target'>> {
  readonly kind: Exclude<AuditKind, 'command'>;
  readonly actor?: string;
  /** The operation of the API. */
  readonly action: string;
  readonly target?: AuditTarget;
  readonly parameters?: JsonObject;
  readonly traceId?: string;
  readonly requestId?: string;
  readonly address?: string;
}

/** A note with its name and time. */
export interface Recorded extends Note {
  /** A UUID. */
  readonly id: string;
  readonly at: Date;
  /** So many were alike. */
  readonly count: number;
}

/** An entry as it is read. */
export interface AuditEntry extends Omit<Recorded, 'kind' | 'outcome'> {
  readonly kind: AuditKind;
  readonly outcome: AuditOutcome;
  /** Of a command: its effect on the state, where that is not what its parameters say. */
  readonly changes?: JsonObject;
}
