import { type AggregateRef, type AggregateSnapshot, refKey } from '@app/kernel';
import type { ChainRecord } from '../sql/chain-record.js';
import type { EventRecord } from './advance.js';
import type { Command, Outcome } from './command.js';

/** A command that waits for its verdict. */
export class Pending {
  readonly arrivedMs = performance.now();
  /** When its keys were last looked up, on the batcher's logical clock. */
  keysCheckedAt = 0;
  /** Its events in the last try that was sent; they are in the log if that try was committed without our knowing. */
  sent: readonly EventRecord[] = [];
  /** Once part of a chain that failed for no known reason: from now on it goes alone. */
  alone = false;
  settled = false;

  constructor(
    readonly command: Command,
    readonly slots: readonly Slot[],
    /** On the batcher's logical clock. */
    readonly arrivedAt: number,
    /** `left`: it stands in no queue any more, and a slot may have waited for that alone. */
    private readonly done: { resolve(outcome: Outcome): void; reject(error: unknown): void; left(): void },
  ) {}

  /** Whether something that was committed before may already be its answer. */
  get hasKeys(): boolean {
    return this.sent.length > 0 || this.command.receipt !== undefined || this.command.publisherEvent !== undefined;
  }

  resolve(outcome: Outcome): void {
    this.leave();
    this.done.resolve(outcome);
  }

  reject(error: unknown): void {
    this.leave();
    this.done.reject(error);
  }

  private leave(): void {
    this.settled = true;
    for (const slot of this.slots) {
      const place = slot.queue.indexOf(this);
      if (place >= 0) slot.queue.splice(place, 1);
    }
    this.done.left();
  }
}

/** One aggregate with commands waiting: its newest known state and their queue. */
export class Slot {
  readonly key: string;
  readonly queue: Pending[] = [];
  /** In a group in flight, or being loaded. */
  busy = false;
  /** The next load also looks the queue's keys up. */
  keysWanted = false;
  /** Of `base`, where it was written here. */
  textLength: number | undefined;
  /** Rounds lost in a row to other instances. */
  lost = 0;

  constructor(
    readonly ref: AggregateRef,
    /** The newest state known to this instance; `undefined` when the database has to be asked. */
    public base: AggregateSnapshot | undefined,
    /** Logical time at which the database was last asked for, or last confirmed, `base`. */
    public confirmedAt = 0,
  ) {
    this.key = refKey(ref);
  }

  /** What was decided here was committed, and asked for at that logical time. */
  accept({ after, frozen }: ChainRecord['states'][number], askedAt: number): void {
    this.base = after;
    this.textLength = frozen.data.length + frozen.clocks.length;
    this.confirmedAt = askedAt;
    this.lost = 0;
  }
}
