import { isNativeError } from 'node:util/types';

/** How one thing that the service leans on is doing. */
export type CheckStatus = 'up' | 'degraded' | 'down';

/** What a check found. The message is shown to everybody: no address, name or secret belongs in it. */
export interface Finding {
  readonly status: CheckStatus;
  readonly message?: string;
}

/** A finding with the time it took. */
export interface Reading extends Finding {
  /** How long the answer took, or how long it has been waited for. */
  readonly latencyMs: number;
}

/**
 * Resolves when all is well, or with a finding; throws when the thing is down. The signal is aborted when nobody waits
 * for the answer any more.
 */
export type Check = (signal: AbortSignal) => Promise<Finding | void>;

export interface ProbeTiming {
  /** A reading this young is given out again. */
  readonly freshMs: number;
  /** A caller waits no longer than this for a new one. */
  readonly patienceMs: number;
  /** A check that takes longer has failed. */
  readonly timeoutMs: number;
  /** A check that has not even ended by then is left behind, and another may start. */
  readonly abandonMs: number;
}

const TIMING: ProbeTiming = { freshMs: 250, patienceMs: 50, timeoutMs: 1000, abandonMs: 10_000 };

interface Flight {
  readonly startedAt: number;
  readonly done: Promise<void>;
}

/**
 * Asks one thing how it is, so that any number of callers has an answer in milliseconds whatever that thing does: one
 * check is in flight at a time and all callers share it, its reading stays good for a moment, and who would have to
 * wait too long gets the last reading in its place.
 */
export class Probe {
  private reading: Reading = { status: 'down', latencyMs: 0, message: 'has not answered yet' };
  private readAt = Number.NEGATIVE_INFINITY;
  private flight?: Flight;

  constructor(private readonly check: Check, private readonly timing: ProbeTiming = TIMING) {}

  /** The last reading if it is fresh, else a new one if that comes soon, else what can be said without it. */
  async read(): Promise<Reading> {
    if (performance.now() - this.readAt <= this.timing.freshMs) return this.reading;
    const flight = this.refresh();
    if (age(flight) < this.timing.timeoutMs) await within(this.timing.patienceMs, flight.done);
    if (this.flight !== flight || this.reading.status === 'down') return this.reading;
    const latencyMs = rounded(age(flight));
    return { status: 'degraded', latencyMs, message: `no answer for ${Math.round(latencyMs)} ms` };
  }

  /** Starts a check unless one is in flight. */
  refresh(): Flight {
    if (this.flight && age(this.flight) < this.timing.abandonMs) return this.flight;
    const startedAt = performance.now();
    const flight: Flight = { startedAt, done: this.fly(startedAt).finally(() => this.land(flight)) };
    this.flight = flight;
    return flight;
  }

  private land(flight: Flight): void {
    // One that was left behind ends when it likes; it is not the one in flight any more.
    if (this.flight === flight) this.flight = undefined;
  }

  private async fly(startedAt: number): Promise<void> {
    const abort = new AbortController();
    const { timeoutMs } = this.timing;
    const timer = setTimeout(() => {
      this.note({ status: 'down', latencyMs: timeoutMs, message: `no answer within ${timeoutMs} ms` });
      abort.abort();
    }, timeoutMs).unref();
    const outcome = await this.outcome(abort.signal);
    clearTimeout(timer);
    if (!abort.signal.aborted) this.note({ ...outcome, latencyMs: rounded(performance.now() - startedAt) });
  }

  private async outcome(signal: AbortSignal): Promise<Finding> {
    try {
      return await this.check(signal) ?? { status: 'up' };
    } catch (error) {
      return { status: 'down', message: failure(error) };
    }
  }

  private note(reading: Reading): void {
    this.reading = reading;
    this.readAt = performance.now();
  }
}

/** Only the code: a driver's message can hold host, user or connection string, and probes are open to everybody. */
function failure(error: unknown): string {
  const code = isNativeError(error) && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? `failed (${code})` : 'failed';
}

function age(flight: Flight): number {
  return performance.now() - flight.startedAt;
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

async function within(ms: number, done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => { timer = setTimeout(resolve, ms); });
  await Promise.race([done, patience]);
  clearTimeout(timer);
}
