import { whenReachable } from '@app/event-store';
import { type JsonObject, ServiceError } from '@app/kernel';
import type { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { Operation, OperationKind, OperationStatus } from './operation.js';
import { type OperationFigures, Runner, type RunnerOptions } from './runner.js';
import { cancelOperation } from './sql/cancel-operation.js';
import { getOperation, listOperations } from './sql/read-operations.js';
import { resumeOperation } from './sql/resume-operation.js';
import { findByKey, submitOperation, type Submitted } from './sql/submit-operation.js';

export interface OperationsOptions extends Partial<RunnerOptions> {
  readonly log: RunnerOptions['log'];
}

/** What somebody asks for. */
export interface OperationRequest {
  readonly kind: string;
  readonly parameters: JsonObject;
  readonly createdBy: string;
  /** From an `Idempotency-Key`: the same request is the same operation. */
  readonly receipt?: { readonly key: string; readonly fingerprint: string };
}

const DEFAULTS = { leaseMs: 5_000, beatMs: 1_000, pollMs: 1_000 };
const ATTEMPTS = 5;

/**
 * Long work that outlives the process it runs in: asked for here, done by any instance that has bound its kind, once at a time, and gone
 * on with after a crash. What two of them must not do at once is decided by the database.
 */
export class Operations {
  private readonly kinds = new Map<string, OperationKind>();
  private readonly runner: Runner;

  /** @param pool its owner ends it, after `stop` */
  constructor(private readonly pool: Pool, options: OperationsOptions) {
    this.runner = new Runner(pool, this.kinds, { ...DEFAULTS, instance: `process ${process.pid}`, ...options });
  }

  get figures(): OperationFigures {
    return this.runner.figures;
  }

  /**
   * Binds a kind of work; call it while modules are initialised (`onModuleInit`), since the work begins after that.
   * @throws Error if the kind is bound
   */
  register(kind: string, work: OperationKind): void {
    if (this.kinds.has(kind)) throw new Error(`the operation ${kind} is bound already`);
    this.kinds.set(kind, work);
  }

  /** Works on what there is, until `stop`. */
  start(): void {
    this.runner.start();
  }

  /** Gives back what is under way; nothing runs here any more when it resolves. */
  stop(): Promise<void> {
    return this.runner.stop();
  }

  /**
   * Queues an operation.
   * @throws ServiceError OPERATION_CONFLICT with `details.operationId` while another one has one of its targets; INVALID_OPERATION for a
   * kind that nobody bound; IDEMPOTENCY_KEY_REUSED; what the kind's `prepare` throws
   */
  async submit({ kind, parameters: given, createdBy, receipt }: OperationRequest): Promise<Operation> {
    const work = this.kinds.get(kind);
    if (!work) throw new ServiceError('INVALID_OPERATION', `this service does not do ${kind}`);
    const submitted = await this.add(work, { kind, parameters: given, createdBy, receipt }).catch(async (refusal: unknown) => {
      // Looked up after it: what the key was used for may have ended between.
      const known = await whenReachable(async () => receipt && await findByKey(this.pool, receipt.key));
      if (known) return known;
      throw refusal;
    });
    if (submitted.kind === 'known' && submitted.fingerprint !== receipt?.fingerprint) {
      throw new ServiceError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key was used for another request');
    }
    this.runner.wake();
    return submitted.operation;
  }

  /** @throws ServiceError OPERATION_NOT_FOUND */
  async get(id: string): Promise<Operation> {
    const found = await whenReachable(() => getOperation(this.pool, id));
    if (found) return found;
    throw new ServiceError('OPERATION_NOT_FOUND', `there is no operation ${id}`);
  }

  /** The newest first. @param before the number of the last one that was seen */
  list(query: { before?: number; status?: OperationStatus; limit: number }): Promise<Operation[]> {
    return whenReachable(() => listOperations(this.pool, query));
  }

  /**
   * Ends an operation: at once if it waits, else as soon as its runner hears of it, within about a second. What it had saved stays, for
   * `resume`. One that is finished stays as it is.
   */
  async cancel(id: string): Promise<Operation> {
    const asked = await whenReachable(() => cancelOperation(this.pool, id));
    this.runner.stopRun(id, 'cancelled');
    return asked ?? this.get(id);
  }

  /**
   * Queues one that failed or was cancelled again; it goes on from what it had saved.
   * @throws ServiceError INVALID_OPERATION for any other status; OPERATION_CONFLICT as in `submit`
   */
  async resume(id: string): Promise<Operation> {
    const resumed = await notHeld(() => resumeOperation(this.pool, id));
    if (resumed.kind === 'refused') {
      const { status } = await this.get(id);
      throw new ServiceError('INVALID_OPERATION', `an operation that is ${status} cannot be resumed`, { status });
    }
    this.runner.wake();
    return resumed.operation;
  }

  private async add(work: OperationKind, { kind, parameters: given, createdBy, receipt }: OperationRequest): Promise<Exclude<Submitted, Held>> {
    const parameters = await work.prepare?.(given) ?? given;
    const added = { id: uuidv7(), kind, parameters, targets: work.targets(parameters), unit: work.unit, createdBy, receipt };
    return notHeld(() => submitOperation(this.pool, added));
  }
}

type Held = { readonly kind: 'held'; readonly by: string | undefined };

/** Tries again where who was in the way has just finished. @throws ServiceError OPERATION_CONFLICT */
async function notHeld<Result extends { readonly kind: string }>(attempt: () => Promise<Result | Held>): Promise<Exclude<Result, Held>> {
  for (let tries = 1; ; tries += 1) {
    const result = await whenReachable(attempt);
    if (result.kind !== 'held') return result as Exclude<Result, Held>;
    const { by } = result as Held;
    if (by === undefined && tries < ATTEMPTS) continue;
    throw new ServiceError('OPERATION_CONFLICT', 'another operation works on the same', by === undefined ? undefined : { operationId: by });
  }
}
