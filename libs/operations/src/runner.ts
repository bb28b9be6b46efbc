import { isTransient } from '@app/event-store';
import type { Pool } from 'pg';
import { type OperationKind, type OperationOutcome, type StopReason } from './operation.js';
import { type Pace, Run, type RunEnd } from './run.js';
import { type Claimed, claimOperation } from './sql/claim-operation.js';
import { type Ending, finishOperation } from './sql/finish-operation.js';
import { handBackOperation } from './sql/hold-operation.js';

export interface RunnerOptions extends Pace {
  /** How often an instance looks for work. In ms. */
  readonly pollMs: number;
  /** Who works, as others see it. */
  readonly instance: string;
  readonly log: (line: string, level?: 'warn' | 'error') => void;
}

/** What operations did on this instance since the start, in plain numbers for whoever reads them. */
export interface OperationFigures {
  /** By kind, those under way. */
  readonly running: Readonly<Record<string, number>>;
  /** By outcome, those that ended. */
  readonly finished: Readonly<Record<OperationOutcome, number>>;
}

/** Operations that one instance works on at the same time. */
const AT_ONCE = 2;
/** One that was begun so often without saving anything ends the process, or its own run, each time. */
const MAX_TRIES = 20;
/** Rest of an operation after the database was away. In ms. */
const REST_MS = 1_000;

/**
 * Works on what is queued, and goes on with what another instance left behind. Which instance works is decided in the database, by a
 * lease that has to be renewed.
 */
export class Runner {
  private readonly runs = new Map<string, { readonly run: Run; readonly kind: string; readonly ended: Promise<void> }>();
  private readonly finished: Record<OperationOutcome, number> = { completed: 0, failed: 0, cancelled: 0 };
  private looking: Promise<void> | undefined;
  private wakeUp: () => void = () => undefined;
  private isStopped = false;
  private isFailing = false;

  constructor(private readonly pool: Pool, private readonly kinds: ReadonlyMap<string, OperationKind>, private readonly options: RunnerOptions) {}

  get figures(): OperationFigures {
    const running: Record<string, number> = Object.fromEntries([...this.kinds.keys()].map((kind) => [kind, 0]));
    for (const { kind } of this.runs.values()) running[kind] = (running[kind] ?? 0) + 1;
    return { running, finished: { ...this.finished } };
  }

  start(): void {
    this.looking ??= this.look();
  }

  /** Looks for work now. */
  wake(): void {
    this.wakeUp();
  }

  /** Tells a run of this instance to end, if it is one. */
  stopRun(id: string, reason: StopReason): void {
    this.runs.get(id)?.run.stop(reason);
  }

  /** Gives back what is under way, so that another instance goes on with it; resolves when nothing runs here any more. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.wakeUp();
    await this.looking;
    for (const { run } of this.runs.values()) run.stop('draining');
    await Promise.all([...this.runs.values()].map(({ ended }) => ended));
  }

  private async look(): Promise<void> {
    while (!this.isStopped) {
      const found = this.runs.size < AT_ONCE && await this.claim();
      if (found) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.options.pollMs);
        this.wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
        if (this.isStopped) this.wakeUp();
      });
    }
  }

  /** @returns whether there was work */
  private async claim(): Promise<boolean> {
    const askedAt = performance.now();
    try {
      const claimed = await claimOperation(this.pool, this.kindsHere(), this.options.instance, this.options.leaseMs);
      this.isFailing = false;
      if (!claimed) return false;
      const run = new Run(this.pool, claimed, askedAt, this.options);
      const { id, kind } = claimed.operation;
      this.runs.set(id, { run, kind, ended: this.see(claimed, run) });
      return true;
    } catch (error) {
      if (!this.isFailing) this.options.log(`operations wait for the database: ${String(error)}`, isTransient(error) ? 'warn' : 'error');
      this.isFailing = true;
      return false;
    }
  }

  private kindsHere(): string[] {
    return [...this.kinds].flatMap(([kind, { isElsewhere }]) => (isElsewhere ? [] : [kind]));
  }

  /** Sees a run to its end. Never throws. */
  private async see(claimed: Claimed, run: Run): Promise<void> {
    try {
      await this.settle(claimed, run, await this.workOn(claimed, run));
    } catch (error) {
      this.options.log(`${nameOf(claimed)} is left to whoever takes it up next: ${String(error)}`);
    } finally {
      run.release();
      this.runs.delete(run.id);
      this.wakeUp();
    }
  }

  private async workOn({ operation: { kind, status }, tries }: Claimed, run: Run): Promise<RunEnd> {
    if (status === 'cancelling') return { kind: 'cancelled' };
    if (tries > MAX_TRIES) return { kind: 'failed', error: `it was begun ${MAX_TRIES} times and came no further` };
    return run.work(this.kinds.get(kind)!);
  }

  private async settle(claimed: Claimed, run: Run, end: RunEnd): Promise<void> {
    const { log } = this.options;
    switch (end.kind) {
      case 'lease lost': return log(`${nameOf(claimed)} was taken from this instance: its lease ran out`);
      case 'draining': return handBackOperation(this.pool, run.held, { restMs: 0, isFault: false });
      case 'database away':
        log(`${nameOf(claimed)} waits for the database: ${end.error}`);
        return handBackOperation(this.pool, run.held, { restMs: REST_MS, isFault: true });
      case 'failed':
        log(`${nameOf(claimed)} failed: ${end.error}`, 'error');
        return this.finish(run, { outcome: 'failed', error: end.error });
      case 'cancelled': return this.finish(run, { outcome: 'cancelled' });
      case 'completed': return this.finish(run, { outcome: 'completed', result: end.result });
    }
  }

  private async finish(run: Run, ending: Pick<Ending, 'outcome' | 'result' | 'error'>): Promise<void> {
    const finished = await finishOperation(this.pool, run.held, { ...run.figures, ...ending });
    if (finished) this.finished[ending.outcome] += 1;
  }
}

function nameOf({ operation: { kind, id } }: Claimed): string {
  return `the operation ${kind} ${id}`;
}

