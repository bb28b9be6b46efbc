import type { AggregateRef, StoredEvent } from '@app/kernel';
import { Pool } from 'pg';
import { StateBuilds } from './builds/state-builds.js';
import { ChangeTail } from './feed/change-tail.js';
import { DeadLetters } from './feed/dead-letters.js';
import { Feed } from './feed/feed.js';
import { Projections } from './feed/projections.js';
import { Wakeup } from './feed/wakeup.js';
import { whenReachable } from './sql/database.js';
import { readEpoch, readHead } from './sql/log-meta.js';
import { purgeReceipts } from './sql/purge-receipts.js';
import { readAge } from './sql/read-age.js';
import { type ChannelEvents, type ChannelQuery, readChannel } from './sql/read-channel.js';
import { readLog, readStream } from './sql/read-events.js';
import { readStates, type StateDocument } from './sql/read-states.js';
import { replayStream } from './sql/replay-stream.js';
import { positionAt, versionAt, versionsAt } from './sql/time-travel.js';
import { type SnapshotInterval, Snapshots } from './snapshots.js';
import { EventSource, FOLD_GENERATION, freeze, PARTITION } from './writer/advance.js';
import { AppendBatcher, BATCHER_DEFAULTS, type BatcherOptions } from './writer/append-batcher.js';
import type { Command, Outcome } from './writer/command.js';
import type { ChainVerdict } from './sql/append-group.js';
import { type Chain, committedStates } from './writer/chain.js';
import type { AppendObserver, StateListener } from './writer/observer.js';

export interface EventStoreOptions extends Partial<Omit<BatcherOptions, 'origin'>> {
  /** Id of this region; the origin of the events made here. */
  readonly origin: string;
  /** Where the database is: the store opens its own connections for appends and for LISTEN. */
  readonly databaseUrl: string;
  /** The feed looks for new events at least this often, in ms. Default 1000. */
  readonly pollMs?: number;
  /** Versions between two kept folds of an aggregate. Default 1000. */
  readonly snapshotEvery?: SnapshotInterval;
  readonly log?: (line: string, level?: 'error') => void;
  readonly now?: () => number;
}

/** A server that is there but silent counts as away after this time. */
export const QUERY_TIMEOUT_MS = 10_000;
const SNAPSHOT_EVERY = 1_000;
const PURGE_EVERY_MS = 10 * 60_000;
const PURGE_LIMIT = 10_000;

/**
 * The append-only log of events and the states they fold to.
 *
 * Writes go through `execute`; what it acknowledged is durable. Reads are plain queries, which throw a `ServiceError`
 * SERVICE_UNAVAILABLE while the database is away. `feed` follows the log.
 */
export class EventStore {
  readonly feed: Feed;
  /** What is built from the log by durable consumers. */
  readonly projections: Projections;
  /** What those could not handle. */
  readonly deadLetters: DeadLetters;
  /** What became old, for caches. */
  readonly changes: ChangeTail;
  readonly snapshots: Snapshots;
  /** The states built anew. */
  readonly builds: StateBuilds;
  private readonly appendPool: Pool;
  private readonly pingPool: Pool;
  private readonly batcher: AppendBatcher;
  private readonly wakeup: Wakeup;
  private readonly purge: NodeJS.Timeout;
  private stateListener: StateListener | undefined;

  /** @param pool serves the reads; its owner ends it */
  constructor(private readonly pool: Pool, options: EventStoreOptions, observer: AppendObserver) {
    const settings: BatcherOptions = { ...BATCHER_DEFAULTS, ...options };
    const log = options.log ?? (() => undefined);
    // One for each group under way, and one to read states on: those must not wait for the groups.
    this.appendPool = new Pool({
      connectionString: options.databaseUrl, max: settings.lanes + 1, application_name: 'gss-append', connectionTimeoutMillis: 5000,
      query_timeout: QUERY_TIMEOUT_MS, keepAlive: true,
    });
    this.appendPool.on('error', (error) => log(`an idle append connection broke: ${error.message}`));
    this.pingPool = new Pool({
      connectionString: options.databaseUrl, max: 1, application_name: 'gss-ping', connectionTimeoutMillis: 5000, query_timeout: QUERY_TIMEOUT_MS,
    });
    this.pingPool.on('error', () => undefined); // the next ping says it
    this.batcher = new AppendBatcher(
      this.appendPool, settings, observer, new EventSource(settings.origin, options.now));
    this.snapshots = new Snapshots(pool, options.snapshotEvery ?? SNAPSHOT_EVERY, log);
    this.batcher.committed = (chain, verdict) => this.committed(chain, verdict);
    this.wakeup = new Wakeup(options.databaseUrl, { pollMs: options.pollMs ?? 1000, log });
    this.feed = new Feed(pool, this.wakeup, { batch: { limit: 500, maxBytes: 4 * 1024 * 1024 }, log });
    this.deadLetters = new DeadLetters(pool);
    this.projections = new Projections(pool, this.feed, this.deadLetters, { log });
    this.builds = new StateBuilds(pool);
    this.changes = new ChangeTail(options.databaseUrl, this.wakeup, {
      log, seen: (changes) => changes.forEach(({ key, version }) => this.batcher.idle.outdate(key, version)),
    });
    this.purge = setInterval(() => {
      purgeReceipts(pool, PURGE_LIMIT).catch((error: Error) => log(`old receipts stay for now: ${error.message}`));
    }, PURGE_EVERY_MS);
    this.purge.unref();
  }

  /** See `AppendBatcher.execute`. */
  execute(command: Command): Promise<Outcome> {
    return this.batcher.execute(command);
  }

  /** Tells a listener of every state committed here, before the caller of the command is answered. One at most. */
  onState(listener: StateListener): void {
    this.stateListener = listener;
  }

  /** Commands without a verdict. */
  get queueDepth(): number {
    return this.batcher.queueDepth;
  }

  /** The states kept to decide on, and about what they take, in bytes. */
  get idleStates(): { readonly count: number; readonly bytes: number } {
    return this.batcher.idle;
  }

  /** Commands that have had their verdict since the start. */
  get settled(): number {
    return this.batcher.settled;
  }

  /** The current state, a tombstone's too, or `undefined` if the aggregate never was. */
  async readState(ref: AggregateRef): Promise<StateDocument | undefined> {
    return (await this.readStates([ref]))[0];
  }

  /** The current states of those of the aggregates that ever were, in no order; one statement. */
  readStates(refs: readonly AggregateRef[]): Promise<StateDocument[]> {
    return whenReachable(() => readStates(this.pool, refs));
  }

  /** The state after the event `version`, folded from the events, or `undefined` if there is no such event. */
  async readStateAt(ref: AggregateRef, version: number): Promise<StateDocument | undefined> {
    const start = await whenReachable(() => this.snapshots.find(ref, version));
    const found = await whenReachable(() => replayStream(this.pool, ref, version, {
      start, every: this.snapshots.every(ref.type),
      passed: ({ state, committedAt, ...at }) => this.snapshots.keep({
        ref, ...at, ...state, ...freeze(state), lastModified: committedAt, revision: start?.revision,
      }),
    }));
    if (!found) return undefined;
    const { state, committedAt: lastModified, position } = found;
    const { data, checksum } = freeze(state);
    return { ref, version, deleted: state.deleted, data, checksum, lastModified, position };
  }

  /** The newest position that was committed by a moment; 0 if there was none. Positions decide order; a time only finds one. */
  positionAt(moment: Date): Promise<number> {
    return whenReachable(() => positionAt(this.pool, PARTITION, moment));
  }

  /** The version of an aggregate at a position; 0 if it was not there yet. */
  versionAt(ref: AggregateRef, position: number): Promise<number> {
    return whenReachable(() => versionAt(this.pool, ref, position));
  }

  /** See `versionsAt`. */
  versionsAt(position: number, page: { type?: string; after: AggregateRef; limit: number }): Promise<{ ref: AggregateRef; version: number }[]> {
    return whenReachable(() => versionsAt(this.pool, position, page));
  }

  /** How long ago, in ms of the database's clock, an event was committed; `undefined` if there is no such event. */
  ageOf(ref: AggregateRef, version: number): Promise<number | undefined> {
    return whenReachable(() => readAge(this.pool, ref, version));
  }

  /** Events of one aggregate with versions in a range, both ends included, oldest first, at most `limit`. */
  readStream(ref: AggregateRef, range: { from: number; to: number; limit: number }): Promise<StoredEvent[]> {
    return whenReachable(() => readStream(this.pool, ref, range));
  }

  /** Events of the log after a position, in commit order, at most `limit`. */
  readLog(after: number, limit: number): Promise<StoredEvent[]> {
    return whenReachable(() => readLog(this.pool, PARTITION, after, { limit }));
  }

  /** See `readChannel`: what somebody missed who was away since that position. */
  readMissed(channel: ChannelQuery, after: number): Promise<ChannelEvents | undefined> {
    return whenReachable(() => readChannel(this.pool, PARTITION, channel, after));
  }

  /** Every event after a position, in order, once, as the log grows; see `Feed.tail`. */
  tail(after: number, signal: AbortSignal): AsyncGenerator<readonly StoredEvent[]> {
    return this.feed.tail(PARTITION, after, signal);
  }

  /** Where the log stands: its epoch (renewed on restore) and its newest position. */
  async head(): Promise<{ epoch: string; position: number }> {
    return whenReachable(async () => {
      const [epoch, position] = await Promise.all([readEpoch(this.pool), readHead(this.pool, PARTITION)]);
      return { epoch, position };
    });
  }

  /** A round trip to the database, on a connection of its own: reads that queue for theirs do not make it unwell. */
  async ping(): Promise<void> {
    await readHead(this.pingPool, PARTITION);
  }

  /** Takes no more commands and waits until every one it took is answered. */
  drain(): Promise<void> {
    return this.batcher.drain();
  }

  /** Drains and gives up its connections; the pool it was given stays open. */
  async close(): Promise<void> {
    clearInterval(this.purge);
    await this.projections.stop();
    await this.drain();
    await this.snapshots.flush();
    await Promise.all([this.wakeup.close(), this.changes.close(), this.appendPool.end(), this.pingPool.end()]);
  }

  private committed(chain: Chain, verdict: ChainVerdict & { accepted: true }): void {
    if (this.stateListener) for (const state of committedStates(chain, verdict)) this.stateListener(state);
    const { record } = chain;
    for (const { base, after, frozen: { data, clocks } } of record.states) {
      const { ref, version, generation, deleted, build } = after;
      // A state of an older fold, until it is rebuilt, leads to none of the current one.
      if (!this.snapshots.isDue(ref.type, base, version) || (build && build.foldGeneration < FOLD_GENERATION)) continue;
      const position = verdict.position + record.events.findLastIndex((event) => event.ref === ref);
      this.snapshots.keep({ ref, version, generation, deleted, data, clocks, position, lastModified: verdict.committedAt, revision: build?.revision ?? 0 });
    }
  }
}
