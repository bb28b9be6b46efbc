import { isTransient } from '@app/event-store';
import { type JsonObject, ServiceError } from '@app/kernel';
import type { Pool, PoolClient } from 'pg';
import { type OperationContext, type OperationKind, OperationStopped, type StopReason } from './operation.js';
import { Rate } from './rate.js';
import type { Claimed } from './sql/claim-operation.js';
import { type Hold, type Progress, renewOperation, saveOperation } from './sql/hold-operation.js';

/** How long a lease is, and how often it is renewed; in ms. */
export interface Pace {
  readonly leaseMs: number;
  readonly beatMs: number;
}

/** How a run came to its end. */
export type RunEnd =
  | { readonly kind: 'completed'; readonly result: JsonObject }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'database away'; readonly error: string }
  | { readonly kind: StopReason };

/** One instance's work on an operation, for as long as it has the lease. */
export class Run implements OperationContext {
  private readonly stopping = new AbortController();
  private readonly hold: Hold;
  private readonly rate = new Rate();
  private readonly first: { readonly at: number; readonly done: number };
  private done: number;
  private total: number;
  private beat: NodeJS.Timeout | undefined;
  /** Before it fires on another instance, the lease is given up here. */
  private deadline: NodeJS.Timeout | undefined;
  private isOver = false;

  /** @param askedAt when the lease was asked for, on the monotonic clock: it cannot have begun before */
  constructor(private readonly pool: Pool, private readonly claimed: Claimed, askedAt: number, private readonly pace: Pace) {
    const { operation: { id, done, total }, lease } = claimed;
    this.hold = { id, lease };
    this.done = done;
    this.total = total;
    this.first = { at: askedAt, done };
    this.rate.add(done, askedAt);
    this.heldSince(askedAt);
    this.beatLater();
  }

  get id(): string {
    return this.hold.id;
  }

  get parameters(): JsonObject {
    return this.claimed.operation.parameters;
  }

  get createdBy(): string {
    return this.claimed.operation.createdBy;
  }

  get saved(): JsonObject | undefined {
    return this.claimed.saved;
  }

  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  /** Of this run as a whole. */
  get figures(): Progress {
    const seconds = (performance.now() - this.first.at) / 1000;
    return { done: this.done, total: this.total, rate: Math.max(0, this.done - this.first.done) / seconds };
  }

  get held(): Hold {
    return this.hold;
  }

  progress(done: number, total: number): void {
    this.done = done;
    this.total = total;
  }

  async save(state: JsonObject, done: number, client?: PoolClient): Promise<void> {
    const askedAt = performance.now();
    if (!(await saveOperation(client ?? this.pool, this.hold, this.pace.leaseMs, { state, done }))) {
      this.stop('lease lost');
      throw new OperationStopped('lease lost');
    }
    this.done = done;
    this.heldSince(askedAt);
  }

  /** Tells the work to end; it is the work that ends it. */
  stop(reason: StopReason): void {
    if (!this.signal.aborted) this.stopping.abort(new OperationStopped(reason));
  }

  /** Does the work and tells how it ended; never throws. The lease is renewed until `release`. */
  async work(kind: OperationKind): Promise<RunEnd> {
    try {
      return { kind: 'completed', result: await kind.run(this) };
    } catch (error) {
      if (this.signal.aborted) return { kind: (this.signal.reason as OperationStopped).reason };
      const text = error instanceof Error ? error.message : String(error);
      return { kind: isAway(error) ? 'database away' : 'failed', error: text };
    }
  }

  /** Renews the lease no more. */
  release(): void {
    this.isOver = true;
    clearTimeout(this.beat);
    clearTimeout(this.deadline);
  }

  private beatLater(): void {
    this.beat = setTimeout(() => void this.renew(), this.pace.beatMs);
  }

  private async renew(): Promise<void> {
    const askedAt = performance.now();
    this.rate.add(this.done, askedAt);
    try {
      const progress = { done: this.done, total: this.total, rate: this.rate.perSecond };
      const status = await renewOperation(this.pool, this.hold, this.pace.leaseMs, progress);
      if (status === 'cancelling') this.stop('cancelled');
      if (status === undefined) this.stop('lease lost');
      else this.heldSince(askedAt);
    } catch {
      // The next beat tries again; the deadline says when it is too late.
    }
    if (!this.isOver) this.beatLater();
  }

  private heldSince(askedAt: number): void {
    clearTimeout(this.deadline);
    if (this.isOver) return;
    this.deadline = setTimeout(() => this.stop('lease lost'), askedAt + this.pace.leaseMs - performance.now());
  }
}

/** Work that asks the service's own stores is told so in their words. */
function isAway(error: unknown): boolean {
  return isTransient(error) || (error instanceof ServiceError && error.error === 'SERVICE_UNAVAILABLE');
}
