import type { Pool, PoolClient } from 'pg';
import { readHead } from '../sql/log-meta.js';
import { inTransaction } from '../sql/transaction.js';
import { PARTITION } from '../writer/advance.js';
import { catchUp } from './catch-up.js';
import type { BuildHooks, BuildPace, BuildProgress } from './rebuild.js';
import { lockHeads, type Previous, previousBuilds, previousCaughtUp, revertBuilds } from './sql/live-builds.js';
import type { StateFold } from './state-fold.js';
import { SwapPace } from './swap-pace.js';

/** What going back told in the transaction that did it. */
export type Reverted = Omit<RevertResult, 'swapMs'>;

export interface RevertHooks extends Omit<BuildHooks, 'saved'> {
  /** See `BuildHooks.saved`; with what came of it, in the transaction that ends it. */
  readonly saved?: (client: PoolClient, progress: BuildProgress, reverted?: Reverted) => Promise<void>;
}

export interface RevertOptions extends RevertHooks {
  readonly fold: StateFold;
  readonly pace: BuildPace;
}

/** What going back came to. */
export interface RevertResult {
  /** The builds that are live again, with their types. */
  readonly builds: readonly { readonly build: number; readonly types: readonly string[] }[];
  /** Events that the builds before lacked. */
  readonly events: number;
  readonly parked: number;
  /** How long appends were held back. */
  readonly swapMs: number;
}

type Counts = Pick<RevertResult, 'events' | 'parked'>;

/** Brings the builds before the live ones up to date, as a rebuild does, and makes them live again. */
export class Revert {
  /** Of what is committed. */
  private taken: Counts = { events: 0, parked: 0 };
  private first: number | undefined;
  private readonly swapPace: SwapPace;

  constructor(private readonly pool: Pool, private readonly types: readonly string[] | undefined, private readonly options: RevertOptions) {
    this.swapPace = new SwapPace(options.pace);
  }

  /** @throws Error if there is nothing to go back to */
  async run(): Promise<RevertResult> {
    for (;;) {
      for (const previous of await this.previous(this.pool)) await this.catchUp(previous);
      const done = await this.swap();
      if (done) return done;
      this.swapPace.failed();
    }
  }

  private async previous(db: Pool | PoolClient): Promise<Previous[]> {
    const found = await previousBuilds(db, this.types);
    if (found.length === 0) throw new Error('there is no build before this one');
    this.first ??= Math.min(...found.map(({ position }) => position));
    return found;
  }

  private async catchUp(previous: Previous): Promise<void> {
    for (let { position } = previous; ;) {
      this.options.signal?.throwIfAborted();
      const head = await readHead(this.pool, PARTITION);
      const upTo = Math.min(head, position + this.options.pace.roundEvents);
      const isLast = upTo - position <= this.swapPace.most;
      if (upTo > position) {
        const begun = performance.now();
        this.taken = await inTransaction(this.pool, async (client) => {
          const taken = await this.takeUpTo(client, { ...previous, position }, upTo, this.taken);
          await this.options.saved?.(client, { done: upTo - this.first!, total: head - this.first! });
          return taken;
        });
        this.swapPace.took(upTo - position, performance.now() - begun);
      }
      if (isLast) return;
      position = upTo;
    }
  }

  /** @returns what was taken in with it */
  private async takeUpTo(client: PoolClient, previous: Previous, upTo: number, before: Counts): Promise<Counts> {
    const { poisoned, events } = await catchUp(client, { ...previous, fold: this.options.fold }, upTo);
    if (poisoned.length > 0) await this.options.parked?.(client, poisoned);
    await previousCaughtUp(client, previous, upTo);
    return { events: before.events + events, parked: before.parked + poisoned.length };
  }

  /** @returns undefined if too much happened meanwhile */
  private async swap(): Promise<RevertResult | undefined> {
    let lockedAt = 0;
    const reverted = await inTransaction(this.pool, async (client) => {
      this.options.signal?.throwIfAborted();
      await lockHeads(client);
      lockedAt = performance.now();
      const head = await readHead(client, PARTITION);
      const found = await this.previous(client);
      if (found.some(({ position }) => head - position > this.swapPace.most)) return undefined;
      let { taken } = this;
      for (const previous of found) taken = await this.takeUpTo(client, previous, head, taken);
      await revertBuilds(client, found.flatMap(({ types }) => types));
      const done: Reverted = { builds: found.map(({ build, types }) => ({ build, types })), ...taken };
      await this.options.saved?.(client, { done: head - this.first!, total: head - this.first! }, done);
      return done;
    });
    return reverted && { ...reverted, swapMs: performance.now() - lockedAt };
  }
}
