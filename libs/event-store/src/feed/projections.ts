import { refKey } from '@app/kernel';
import type { Pool, PoolClient } from 'pg';
import { dropCheckpoint, ensureCheckpoint, saveCheckpoint, takeCheckpoint } from '../sql/checkpoints.js';
import { type ConsumerPosition, readConsumers } from '../sql/read-consumers.js';
import { readFactsOf } from '../sql/read-events.js';
import { inTransaction } from '../sql/transaction.js';
import { PARTITION } from '../writer/advance.js';
import type { DeadLetters } from './dead-letters.js';
import type { Poison } from './poison.js';
import { type ConsumeBatch, CONSUMED_AT_ONCE, type ConsumePace, type Feed, pause, readBatch } from './feed.js';

/** Why a projection stands still on this instance. */
export interface Stall {
  readonly reason: string;
  readonly since: Date;
  /** Tries since then. */
  readonly failures: number;
}

/** What a projection did on this instance since the start, in plain numbers for whoever reads them. */
export interface ProjectionFigures {
  readonly events: number;
  readonly failures: number;
  /** Aggregates that it could not handle, and was not given any more. */
  readonly parked: number;
  /** Where it stood when this instance last held its checkpoint. */
  readonly position: number;
  readonly stall?: Stall;
}

/** A durable consumer as all instances share it, and what this one knows of its failure. */
export interface ProjectionStatus extends ConsumerPosition {
  readonly stall?: Stall;
}

export interface ProjectionsOptions {
  readonly log: (line: string, level?: 'error') => void;
  /** First rest after a failure, in ms; it doubles up to 30 s. Default 1000. */
  readonly retryMs?: number;
}

const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

type Running = { -readonly [K in keyof ProjectionFigures]: ProjectionFigures[K] };

/**
 * The durable consumers that are built from the log and can be built again. One that fails says so once, shows it, and tries again
 * later; nothing else is hurt. If it is a few events that it fails of, their aggregates are parked then, and it goes on with all others.
 */
export class Projections {
  private readonly running = new Map<string, Running>();
  private readonly loops: Promise<void>[] = [];
  private readonly stopped = new AbortController();

  constructor(
    private readonly pool: Pool, private readonly feed: Feed, private readonly deadLetters: DeadLetters, private readonly options: ProjectionsOptions,
  ) {}

  /** By name, those that run here. */
  get figures(): ReadonlyMap<string, ProjectionFigures> {
    return this.running;
  }

  /**
   * Says how a projection is handled, so that what was withheld from it can be retried here; `start` does it too.
   */
  define(name: string, handle: ConsumeBatch): void {
    this.deadLetters.bind(name, async (client, { ref, partition, position }, upTo) => {
      for (let after = position - 1; ;) {
        const events = await readFactsOf(client, ref, { partition, after, upTo, limit: CONSUMED_AT_ONCE });
        const last = events.at(-1);
        if (!last) return;
        await handle(client, events);
        after = last.position;
      }
    });
  }

  /**
   * Feeds a projection from its checkpoint on, until `stop`. `handle` runs in the transaction that moves the checkpoint.
   * @param pace how much it rests after a batch that was not full: a log that grows all the time is then read in larger batches
   * @throws Error if one of this name runs here
   */
  start(name: string, handle: ConsumeBatch, pace: Omit<ConsumePace, 'looked'> = {}): void {
    if (this.running.has(name)) throw new Error(`the projection ${name} runs already`);
    const figures: Running = { events: 0, failures: 0, parked: 0, position: 0 };
    this.running.set(name, figures);
    this.define(name, handle);
    this.loops.push(this.keepUp(name, handle, figures, pace));
  }

  /** Where every consumer stands, also those that run elsewhere. */
  async status(): Promise<ProjectionStatus[]> {
    return (await readConsumers(this.pool)).map((consumer) => {
      const stall = this.running.get(consumer.name)?.stall;
      return { ...consumer, ...(stall && { stall }) };
    });
  }

  /** Makes the checkpoint of a consumer that `step` takes further. */
  prepare(client: PoolClient, consumer: string): Promise<void> {
    return ensureCheckpoint(client, consumer, PARTITION);
  }

  /** Makes the checkpoint of a consumer that `replace` kept, where it stood then; one that is taken further already stays where it is. */
  async revive(client: PoolClient, consumer: string, position: number): Promise<void> {
    await ensureCheckpoint(client, consumer, PARTITION, position);
    await this.deadLetters.revive(client, consumer);
  }

  /** Forgets a consumer that nobody takes any further. */
  async abandon(client: PoolClient, consumer: string): Promise<void> {
    await dropCheckpoint(client, consumer);
    await this.deadLetters.drop(client, consumer);
  }

  /**
   * Takes a consumer that was prepared one batch further, from its checkpoint on; for what is built beside a projection. What it cannot
   * handle is parked as for any other.
   * @param then the rest of the transaction, with where the consumer stands then; what it throws is no event's fault
   * @returns undefined while another one has the checkpoint, or if there is none
   */
  step(
    consumer: string, handle: ConsumeBatch, then: (client: PoolClient, position: number) => Promise<void> = async () => undefined,
  ): Promise<{ readonly position: number; readonly events: number } | undefined> {
    return this.feed.step(consumer, PARTITION, async (client, events) => {
      this.parked(consumer, await this.deadLetters.hand(client, consumer, events, handle, true));
      await then(client, events.at(-1)!.position);
    });
  }

  /**
   * Puts a successor that was built by `step` in the place of a consumer, in one transaction: holds both, brings the successor up to where
   * the other one stands, and lets it go on from there under the other one's name.
   * @param keptAs under which name what the other one built may be taken further later, see `revive`
   * @param mayLead whether the successor may be further than the other one, which `then` cannot hold it against in that case
   * @param then the rest of what makes the successor the one that counts
   * @returns false, and nothing has happened, if the successor is more than a batch behind, or further where it may not be
   */
  async replace(
    consumer: string, { successor, keptAs, mayLead }: { readonly successor: string; readonly keptAs?: string; readonly mayLead: boolean }, handle: ConsumeBatch,
    then: (client: PoolClient, position: number) => Promise<void>,
  ): Promise<boolean> {
    await ensureCheckpoint(this.pool, consumer, PARTITION);
    return inTransaction(this.pool, async (client) => {
      const [upTo, after] = [await takeCheckpoint(client, consumer, PARTITION), await takeCheckpoint(client, successor, PARTITION)];
      if (upTo - after > CONSUMED_AT_ONCE || (after > upTo && !mayLead)) return false;
      if (upTo > after) {
        const events = await readBatch(client, PARTITION, after, upTo - after);
        this.parked(successor, await this.deadLetters.hand(client, successor, events, handle, true));
      }
      const position = Math.max(upTo, after);
      await saveCheckpoint(client, consumer, { partition: PARTITION, position });
      await dropCheckpoint(client, successor);
      await this.deadLetters.succeed(client, consumer, successor, keptAs);
      await then(client, position);
      return true;
    });
  }

  /** Ends all of them; what they did is committed or undone when this resolves. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await Promise.all(this.loops);
  }

  private async keepUp(name: string, handle: ConsumeBatch, figures: Running, pace: ConsumePace): Promise<void> {
    const { signal } = this.stopped;
    const first = this.options.retryMs ?? RETRY_MS;
    let wait = first;
    const looked = (position: number, events: number): void => {
      if (figures.stall) this.options.log(`the projection ${name} goes on after position ${position - events}`);
      figures.stall = undefined;
      figures.position = position;
      figures.events += events;
      wait = first;
    };
    // Once it has failed it is told apart what it fails of, which costs a savepoint for each try.
    const hand: ConsumeBatch = async (client, events) => {
      const isCareful = figures.stall !== undefined;
      this.parked(name, await this.deadLetters.hand(client, name, events, handle, isCareful), figures);
    };
    while (!signal.aborted) {
      try {
        await this.feed.consume(name, PARTITION, hand, signal, { ...pace, looked });
      } catch (error) {
        this.stall(name, figures, error);
        await pause(wait, signal);
        wait = Math.min(wait * 2, LONGEST_RETRY_MS);
      }
    }
  }

  private parked(name: string, poison: readonly Poison[], figures?: Running): void {
    for (const { event: { ref, position }, error } of poison) {
      this.options.log(`the projection ${name} goes on without ${refKey(ref)} from position ${position}: ${error}`, 'error');
    }
    if (figures) figures.parked += poison.length;
  }

  private stall(name: string, figures: Running, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const { stall } = figures;
    figures.failures += 1;
    figures.stall = { reason, since: stall?.since ?? new Date(), failures: (stall?.failures ?? 0) + 1 };
    if (stall?.reason !== reason) this.options.log(`the projection ${name} stands still and is tried again: ${reason}`, 'error');
  }
}
