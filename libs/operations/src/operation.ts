import type { JsonObject } from '@app/kernel';
import type { PoolClient } from 'pg';

/** How an operation can end. */
export const OUTCOMES = ['completed', 'failed', 'cancelled'] as const;
export type OperationOutcome = (typeof OUTCOMES)[number];

export const OPERATION_STATUSES = ['queued', 'running', 'cancelling', ...OUTCOMES] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];

/** An operation as all instances see it. */
export interface Operation {
  readonly id: string;
  /** In the order they were asked for. */
  readonly number: number;
  readonly kind: string;
  readonly parameters: JsonObject;
  readonly status: OperationStatus;
  /** What `done` and `total` count, such as `events`. */
  readonly unit: string;
  readonly done: number;
  /** 0 until it is known. */
  readonly total: number;
  /** Of `unit` in a second: lately while it runs, over its last run when it is finished. */
  readonly rate: number;
  readonly result?: JsonObject;
  readonly error?: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
}

/** Why a run has to end before its work is done. */
export type StopReason = 'cancelled' | 'draining' | 'lease lost';

/** The reason of a run's aborted signal; thrown by what needs a lease that is gone. */
export class OperationStopped extends Error {
  override readonly name = 'OperationStopped';

  constructor(readonly reason: StopReason) {
    super(`the operation stops here: ${reason}`);
  }
}

/** What a run is given. */
export interface OperationContext {
  readonly id: string;
  readonly parameters: JsonObject;
  readonly createdBy: string;
  /**
   * What was saved last, by this run or by one before it on whatever instance; undefined at the very beginning. It is gone too when an
   * operation is resumed after another one has worked on its targets.
   */
  readonly saved: JsonObject | undefined;
  /** Aborted, with an `OperationStopped`, when the run has to end: look at it between two steps of at most a second. */
  readonly signal: AbortSignal;
  /** How far it is, told to those who watch within a second; not kept beyond a crash unless something is saved. */
  progress(done: number, total: number): void;
  /**
   * Keeps what a later run needs to go on from here. With a client it is part of that client's transaction, so that work and progress
   * are committed together: call it last, since it holds the operation's row. Only who has the lease can save, and while such a
   * transaction is open nobody else gets it: two runs never both write.
   * @throws OperationStopped `lease lost`
   */
  save(state: JsonObject, done: number, client?: PoolClient): Promise<void>;
}

/** Long work of one kind, bound by the lib that does it. */
export interface OperationKind {
  /** What it counts, such as `events`. */
  readonly unit: string;
  /** It can be asked for here and is done by other instances. */
  readonly isElsewhere?: boolean;
  /**
   * Completes the parameters, or refuses them before anything is stored.
   * @throws ServiceError
   */
  prepare?(parameters: JsonObject): JsonObject | Promise<JsonObject>;
  /** What it has to itself until it is finished: another operation that names one of these is refused with 409. */
  targets(parameters: JsonObject): readonly string[];
  /**
   * Does the work, from `context.saved` on. Runs again, on any instance, after a crash or a drain, so what it does between two saves must
   * bear being done twice.
   * @returns the result
   * @throws Error what ends the operation as failed; while the database is away it is tried again instead
   */
  run(context: OperationContext): Promise<JsonObject>;
}
