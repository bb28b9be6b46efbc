import type { AggregateRef } from '@app/kernel';
import type { Pool, PoolClient } from 'pg';
import { isTransient } from '../sql/database.js';
import { readHead } from '../sql/log-meta.js';
import { dropDifferingSnapshots, dropSnapshots, holdSnapshots } from '../sql/snapshots.js';
import { inTransaction } from '../sql/transaction.js';
import { PARTITION } from '../writer/advance.js';
import { catchUp, saveResults, type Taken } from './catch-up.js';
import { type Differences, StatesDiffer, withHeld, withUnbuilt } from './differences.js';
import { BEFORE_ALL, foldLog, type Walked } from './fold-log.js';
import { countEvents } from './sql/fold-events.js';
import { lockHeads, swapBuilds } from './sql/live-builds.js';
import { type Unbuilt, unbuiltAfter } from './sql/read-built.js';
import { abandonRebuild, type RebuildRecord, stepRebuild, timeSwap } from './sql/rebuild-records.js';
import { isPoisoned, type Poisoned, type StateFold } from './state-fold.js';
import { SwapPace } from './swap-pace.js';

/** What a rebuild tells, and whom it heeds. */
export interface BuildHooks {
  /** Aborted: it ends after the step that is under way, and can be gone on with. */
  readonly signal?: AbortSignal;
  /** Aggregates that could not be folded and keep their live states; inside the transaction that says so. May be told of one again. */
  readonly parked?: (client: PoolClient, poisoned: readonly Poisoned[]) => Promise<void>;
  /** Called last in each transaction of its own: what throws here undoes it. */
  readonly saved?: (client: PoolClient, progress: BuildProgress) => Promise<void>;
}

/** In events. */
export interface BuildProgress {
  readonly done: number;
  readonly total: number;
}

export interface RebuildOptions extends BuildHooks {
  readonly fold: StateFold;
  readonly pace: BuildPace;
  readonly acceptDifferences: boolean;
}

/** How much goes in one transaction. */
export interface BuildPace {
  readonly pageAggregates: number;
  /** Of a catch-up without a lock. */
  readonly roundEvents: number;
  /** Of a catch-up while appends are held back, before it is known how long a round takes; with more to come they go on for another round. */
  readonly lockedEvents: number;
}

/** What a rebuild came to. */
export interface RebuildResult extends Differences {
  readonly build: number;
  readonly types: readonly string[];
  readonly aggregates: number;
  readonly events: number;
  readonly parked: number;
  /** How long appends were held back; absent if the process died right after that. */
  readonly swapMs: number | undefined;
}

const PAGE_BYTES = 4 * 1024 * 1024;

/** Builds states anew beside the live ones and puts them in their place. Every step is one transaction, and the next run goes on from it. */
export class Rebuild {
  private total = 0;
  /** Live states that have no events. */
  private unbuilt: readonly Unbuilt[] = [];
  private readonly swapPace: SwapPace;

  constructor(private readonly pool: Pool, private record: RebuildRecord, private readonly options: RebuildOptions) {
    this.swapPace = new SwapPace(options.pace);
  }

  /**
   * @throws StatesDiffer
   * @throws Error if it was given up for another one
   */
  async run(): Promise<RebuildResult> {
    const { status, build, types, position, isWalked } = this.record;
    if (status === 'abandoned') throw new Error(`the rebuild ${build} was given up`);
    if (status === 'live') return this.result();
    this.total = types ? await this.countEvents(types) : position;
    if (!isWalked) await this.walk();
    await this.catchUp();
    this.unbuilt = await this.findUnbuilt();
    try {
      return await this.swap();
    } catch (error) {
      if (error instanceof StatesDiffer) await abandonRebuild(this.pool, build);
      throw error;
    }
  }

  /** Only for the progress: a log that takes too long to count counts as a whole. */
  private async countEvents(types: readonly string[]): Promise<number> {
    try {
      return await countEvents(this.pool, types);
    } catch (error) {
      if (isTransient(error)) return this.record.position;
      throw error;
    }
  }

  /** Folds every aggregate, in the order of keys. Changes since the rebuild was opened may be in it or not. */
  private async walk(): Promise<void> {
    const { record: { after, types }, options: { fold, signal, pace } } = this;
    let page: Walked[] = [];
    let bytes = 0;
    for await (const walked of foldLog(this.pool, { after, types, fold, signal })) {
      page.push(walked);
      bytes += isPoisoned(walked.result) ? 0 : walked.result.frozen.data.length;
      if (page.length < pace.pageAggregates && bytes < PAGE_BYTES) continue;
      await this.savePage(page);
      [page, bytes] = [[], 0];
    }
    await this.savePage(page, true);
  }

  private savePage(page: readonly Walked[], isWalked = false): Promise<void> {
    return this.step(async (client) => {
      const results = page.map(({ result }) => result);
      const saved = await saveResults(client, { build: this.record.build, fold: this.options.fold }, results);
      const taken = {
        ...saved, types: [...new Set(results.map(({ ref }) => ref.type))], aggregates: page.length,
        events: page.reduce((sum, { events }) => sum + events, 0),
      };
      return this.keep(client, taken, { isWalked, after: results.at(-1)?.ref ?? this.record.after, aggregates: this.record.aggregates + page.length });
    });
  }

  /** Takes in what changed, round by round, until the rest is small. */
  private async catchUp(): Promise<void> {
    for (;;) {
      const { position } = this.record;
      const upTo = Math.min(await readHead(this.pool, PARTITION), position + this.options.pace.roundEvents);
      const isLast = upTo - position <= this.swapPace.most;
      if (upTo > position) {
        const begun = performance.now();
        await this.step((client) => this.takeUpTo(client, upTo));
        this.swapPace.took(upTo - position, performance.now() - begun);
      }
      if (isLast) return;
    }
  }

  private async takeUpTo(client: PoolClient, upTo: number): Promise<RebuildRecord> {
    const taken = await catchUp(client, { ...this.record, fold: this.options.fold }, upTo);
    return this.keep(client, taken, { position: upTo });
  }

  /** The last catch-up and the change of the live build, while every append waits. */
  private async swap(): Promise<RebuildResult> {
    for (;;) {
      this.assertAccepted();
      let lockedAt = 0;
      await this.step(async (client) => {
        if (this.options.acceptDifferences) {
          await holdSnapshots(client);
          await dropDifferingSnapshots(client, this.record.build);
        }
        await lockHeads(client);
        lockedAt = performance.now();
        const head = await readHead(client, PARTITION);
        if (head - this.record.position > this.swapPace.most) return this.record;
        this.record = await this.takeUpTo(client, head);
        this.assertAccepted();
        const { build, typesMet } = this.record;
        await swapBuilds(client, build, [...new Set([...typesMet, ...this.unbuilt.map(({ type }) => type)])], head);
        return stepRebuild(client, this.record, { status: 'live' });
      });
      const swapMs = performance.now() - lockedAt;
      if (this.record.status === 'live') {
        await timeSwap(this.pool, this.record.build, swapMs);
        this.record = { ...this.record, swapMs };
        return this.result();
      }
      this.swapPace.failed();
      await this.catchUp();
    }
  }

  /** One transaction; afterwards, and only then, the record is what it left. */
  private async step(work: (client: PoolClient) => Promise<RebuildRecord>): Promise<void> {
    this.options.signal?.throwIfAborted();
    const before = this.record;
    try {
      this.record = await inTransaction(this.pool, async (client) => {
        const after = await work(client);
        await this.options.saved?.(client, { done: after.events, total: Math.max(this.total, after.events) });
        return after;
      });
    } catch (error) {
      this.record = before;
      throw error;
    }
  }

  private async keep(client: PoolClient, { held, poisoned, types, events }: Taken, changed: Partial<RebuildRecord>): Promise<RebuildRecord> {
    if (poisoned.length > 0) await this.options.parked?.(client, poisoned);
    // They may hold folds of the bytes that are about to be replaced. What is kept until the swap is deleted there, and what comes later
    // is of a revision that is void by then.
    await dropSnapshots(client, held.filter(({ fields }) => fields.length > 0).map(({ ref }) => ref));
    const { record } = this;
    return stepRebuild(client, record, {
      ...changed, ...withHeld(record, held), typesMet: [...new Set([...record.typesMet, ...types])],
      events: record.events + events, parked: record.parked + poisoned.length,
    });
  }

  private async findUnbuilt(): Promise<Unbuilt[]> {
    const { build, types, position } = this.record;
    const found: Unbuilt[] = [];
    for (let after: AggregateRef | undefined = BEFORE_ALL; after;) {
      const page: Awaited<ReturnType<typeof unbuiltAfter>> = await unbuiltAfter(this.pool, build, { after, types, position });
      found.push(...page.missing);
      after = page.last;
    }
    return found;
  }

  private assertAccepted(): void {
    const found = this.differences;
    if (found.differences > 0 && !this.options.acceptDifferences) throw new StatesDiffer(found);
  }

  private get differences(): Differences {
    return withUnbuilt(this.record, this.unbuilt);
  }

  private result(): RebuildResult {
    const { build, typesMet: types, aggregates, events, parked, swapMs } = this.record;
    return { build, types, aggregates, events, parked, swapMs, ...this.differences };
  }
}
