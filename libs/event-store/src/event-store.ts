import { type AggregateRef, fold, type FoldState, ServiceError, type StoredEvent } from '@app/kernel';
import { Pool } from 'pg';
import { Feed } from './feed/feed.js';
import { Wakeup } from './feed/wakeup.js';
import { isTransient } from './sql/database.js';
import { readEpoch, readHead } from './sql/log-meta.js';
import { purgeReceipts } from './sql/purge-receipts.js';
import { readLog, readStream } from './sql/read-events.js';
import { readState, type StateDocument } from './sql/read-state.js';
import { EventSource, freeze, PARTITION, unborn } from './writer/advance.js';
import { AppendBatcher, BATCHER_DEFAULTS, type BatcherOptions } from './writer/append-batcher.js';
import type { Command, Outcome } from './writer/command.js';
import type { AppendObserver } from './writer/observer.js';

export interface EventStoreOptions extends Partial<Omit<BatcherOptions, 'origin'>> {
  /** Id of this region; the origin of the events made here. */
  readonly origin: string;
  /** Where the database is: the store opens its own connections for appends and for LISTEN. */
  readonly databaseUrl: string;
  /** The feed looks for new events at least this often, in ms. Default 1000. */
  readonly pollMs?: number;
  readonly log?: (line: string) => void;
  readonly now?: () => number;
}

/** A server that is there but silent counts as away after this time. */
export const QUERY_TIMEOUT_MS = 10_000;
const STREAM_PAGE = 1000;
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
  private readonly appendPool: Pool;
  private readonly batcher: AppendBatcher;
  private readonly wakeup: Wakeup;
  private readonly purge: NodeJS.Timeout;

  /** @param pool serves the reads; its owner ends it */
  constructor(private readonly pool: Pool, options: EventStoreOptions, observer: AppendObserver) {
    const settings: BatcherOptions = { ...BATCHER_DEFAULTS, ...options };
    const log = options.log ?? (() => undefined);
    this.appendPool = new Pool({
      connectionString: options.databaseUrl, max: settings.lanes, application_name: 'gss-append', connectionTimeoutMillis: 5000,
      query_timeout: QUERY_TIMEOUT_MS, keepAlive: true,
    });
    this.appendPool.on('error', (error) => log(`an idle append connection broke: ${error.message}`));
    this.batcher = new AppendBatcher(
      this.appendPool, settings, observer, new EventSource(settings.origin, options.now));
    this.wakeup = new Wakeup(options.databaseUrl, { pollMs: options.pollMs ?? 1000, log });
    this.feed = new Feed(pool, this.wakeup, { batch: 500, log });
    this.purge = setInterval(() => {
      purgeReceipts(pool, PURGE_LIMIT).catch((error: Error) => log(`old receipts stay for now: ${error.message}`));
    }, PURGE_EVERY_MS);
    this.purge.unref();
  }

  /** See `AppendBatcher.execute`. */
  execute(command: Command): Promise<Outcome> {
    return this.batcher.execute(command);
  }

  /** Commands without a verdict. */
  get queueDepth(): number {
    return this.batcher.queueDepth;
  }

  /** The current state, a tombstone's too, or `undefined` if the aggregate never was. */
  readState(ref: AggregateRef): Promise<StateDocument | undefined> {
    return whenReachable(() => readState(this.pool, ref));
  }

  /** The state after the event `version`, folded from the events, or `undefined` if there is no such event. */
  async readStateAt(ref: AggregateRef, version: number): Promise<StateDocument | undefined> {
    let state: FoldState = unborn(ref);
    let last: StoredEvent | undefined;
    for await (const event of this.stream(ref, version)) {
      state = fold(state, event.ops, event.version);
      last = event;
    }
    if (last?.version !== version) return undefined;
    const { data, checksum } = freeze(state);
    return { ref, version, deleted: state.deleted, data, checksum, lastModified: last.committedAt };
  }

  /** Events of one aggregate with versions in a range, both ends included, oldest first, at most `limit`. */
  readStream(ref: AggregateRef, range: { from: number; to: number; limit: number }): Promise<StoredEvent[]> {
    return whenReachable(() => readStream(this.pool, ref, range));
  }

  private async *stream(ref: AggregateRef, to: number): AsyncGenerator<StoredEvent> {
    for (let from = 1; from <= to;) {
      const page = await this.readStream(ref, { from, to, limit: STREAM_PAGE });
      yield* page;
      if (page.length < STREAM_PAGE) return;
      from = page.at(-1)!.version + 1;
    }
  }

  /** Events of the log after a position, in commit order, at most `limit`. */
  readLog(after: number, limit: number): Promise<StoredEvent[]> {
    return whenReachable(() => readLog(this.pool, PARTITION, after, limit));
  }

  /** Where the log stands: its epoch (renewed on restore) and its newest position. */
  async head(): Promise<{ epoch: string; position: number }> {
    const [epoch, position] = await Promise.all([readEpoch(this.pool), readHead(this.pool, PARTITION)]);
    return { epoch, position };
  }

  /** Takes no more commands and waits until every one it took is answered. */
  drain(): Promise<void> {
    return this.batcher.drain();
  }

  /** Drains and gives up its connections; the pool it was given stays open. */
  async close(): Promise<void> {
    clearInterval(this.purge);
    await this.drain();
    await Promise.all([this.wakeup.close(), this.appendPool.end()]);
  }
}

async function whenReachable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isTransient(error)) throw error;
    throw new ServiceError('SERVICE_UNAVAILABLE', 'the database does not answer', undefined, 1);
  }
}
