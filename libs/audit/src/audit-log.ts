import { isTransient } from '@app/event-store';
import { ServiceError } from '@app/kernel';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { AUDIT_OPTIONS, type AuditOptions, TIMEOUT_MS } from './audit-options.js';
import type { Ending, Note, Recorded } from './entry.js';
import { PartitionKeeper } from './partition-keeper.js';
import { RefusalBuffer } from './refusal-buffer.js';
import { writeEnding, writeEntries } from './sql/write-entries.js';

/** So much of the refusals a process loses that is killed, in ms. */
const GATHER_MS = 250;
const RETRY_MS = 1_000;
/** At the end of the process. */
const LAST_TRIES = 3;

/** What is wanted of the options to write. */
export type WritingOptions = Pick<AuditOptions, 'databaseUrl' | 'retentionDays' | 'say' | 'now' | 'timeoutMs'>;

/**
 * Writes down what leaves no event. Refusals are gathered and written together; an action of an operator is written before it is
 * done, and its end before it is answered.
 */
@Injectable()
export class AuditLog implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Entries since the start; `lost` could not be written at the end of the process, or were refused by the database. */
  readonly figures = { recorded: 0, counted: 0, lost: 0 };
  private readonly pool: Pool;
  private readonly keeper: PartitionKeeper;
  private readonly buffer = new RefusalBuffer();
  /** Taken from the buffer and not written yet: what is sent again must be the same. */
  private batch: readonly Recorded[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private isFailing = false;

  constructor(@Inject(AUDIT_OPTIONS) private readonly options: WritingOptions) {
    const { databaseUrl: connectionString, timeoutMs = TIMEOUT_MS } = options;
    this.pool = new Pool({
      connectionString, max: 2, application_name: 'gss-audit', connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs,
    });
    this.pool.on('error', () => undefined); // the next write shows it
    this.keeper = new PartitionKeeper(this.pool, options);
  }

  /** Notes a refusal, in memory: it is written within 250 ms, or when the database is back. */
  note(note: Note): void {
    this.buffer.add(note, new Date(this.now()));
    this.figures.counted = this.buffer.counted;
    this.later(GATHER_MS);
  }

  /**
   * Writes down that an action begins.
   * @throws ServiceError SERVICE_UNAVAILABLE where that cannot be written: the action must not be done then
   */
  async begin(note: Note): Promise<Recorded> {
    const recorded = { ...note, at: new Date(this.now()), id: uuidv7(), count: 1 };
    try {
      await writeEntries(this.pool, [recorded]);
    } catch (error) {
      this.options.say('error', `the audit log cannot be written, so ${note.action} was refused: ${messageOf(error)}`);
      throw new ServiceError('SERVICE_UNAVAILABLE', 'the audit log cannot be written, so nothing was done', undefined, 1);
    }
    this.figures.recorded += 1;
    return recorded;
  }

  /** Writes down how an action ended; false where that cannot be written. */
  async end(begun: Recorded, ending: Ending): Promise<boolean> {
    try {
      await writeEnding(this.pool, begun, ending);
      return true;
    } catch (error) {
      this.options.say('error', `the audit log has no end of ${begun.action} ${begun.id}, which was ${ending.outcome}: ${messageOf(error)}`);
      return false;
    }
  }

  /** Writes what was gathered; resolves when it is written or could not be. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    return this.writing = this.writing.then(() => this.write());
  }

  onApplicationBootstrap(): void {
    this.keeper.start();
  }

  /** The server takes no more requests now. */
  async onApplicationShutdown(): Promise<void> {
    await this.keeper.stop();
    for (let tries = 0; tries < LAST_TRIES && this.isWaiting; tries += 1) await this.flush();
    clearTimeout(this.timer);
    const left = [...this.batch, ...this.buffer.take()].reduce((sum, { count }) => sum + count, 0);
    if (left > 0) this.lose(left, 'the database is away');
    await this.pool.end();
  }

  private get isWaiting(): boolean {
    return this.batch.length > 0 || !this.buffer.isEmpty;
  }

  private async write(): Promise<void> {
    if (this.batch.length === 0) this.batch = this.buffer.take();
    if (this.batch.length === 0) return;
    try {
      await writeEntries(this.pool, this.batch);
      this.figures.recorded += this.batch.length;
      if (this.isFailing) this.options.say('warn', 'the audit log is written again');
      this.isFailing = false;
    } catch (error) {
      if (isTransient(error)) return this.keepForLater(error);
      this.lose(this.batch.reduce((sum, { count }) => sum + count, 0), messageOf(error)); // it would be refused each time
    }
    this.batch = [];
    if (!this.buffer.isEmpty) this.later(GATHER_MS);
  }

  private keepForLater(error: unknown): void {
    if (!this.isFailing) this.options.say('warn', `refusals wait to be written to the audit log: ${messageOf(error)}`);
    this.isFailing = true;
    this.later(RETRY_MS);
  }

  private later(ms: number): void {
    this.timer ??= setTimeout(() => void this.flush(), ms).unref();
  }

  private lose(count: number, why: string): void {
    this.figures.lost += count;
    this.options.say('error', `the audit log lost ${count} refusals: ${why}`);
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
