import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AUTH_OPTIONS, type AuthOptions } from '../auth-options.js';
import type { Verified } from '../claims.js';
import type { NewRevocation, Revocation, RevocationChange, RevocationKind, Revocations } from './revocations.js';

/** After this and one query, a revocation is in force on every instance that reaches the database. */
const POLL_MS = 500;
/** Everything is read again this often: what a restored database no longer has goes, and what has expired too. */
const RELOAD_MS = 10 * 60_000;

/** By `jti` and by `sub`. */
type Book = Readonly<Record<RevocationKind, Map<string, Known>>>;

interface Known {
  /** Milliseconds since 1970; infinite for a single token. */
  readonly issuedBefore: number;
  /** Milliseconds since 1970, or infinite. */
  readonly until: number;
}

/**
 * The revocations in force, in memory, so that looking costs no query. Loaded before the app serves; the app does not
 * start without. Then changes are polled for, twice a second. While the database is away, what is known holds.
 */
@Injectable()
export class RevokedTokens implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RevokedTokens.name);
  private readonly store: Revocations | undefined;
  private known = emptyBook();
  private revision = 0;
  private loadedAt = -Infinity;
  private failing = false;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  /** One step at a time: a load that began before a change must not end after it. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(@Inject(AUTH_OPTIONS) { revocations }: Pick<AuthOptions, 'revocations'>) {
    this.store = revocations;
  }

  /** Whether the token must be refused. Two look-ups at most. */
  covers({ principal: { subject, tokenId }, issuedAt }: Verified): boolean {
    const { known } = this;
    if (known.token.size > 0 && tokenId !== undefined && isOn(known.token.get(tokenId))) return true;
    return known.subject.size > 0 && isOn(known.subject.get(subject), issuedAt);
  }

  /** Stores a revocation. It is in force here before this resolves. */
  add(revocation: NewRevocation): Promise<Revocation> {
    return this.inTurn(async (store) => {
      const added = await store.add(revocation);
      write(this.known, changeOf(added));
      return added;
    });
  }

  /** Lifts a revocation, here before this resolves; false if none with this id is in force. */
  lift(id: string): Promise<boolean> {
    return this.inTurn(async (store) => {
      const lifted = await store.remove(id);
      if (lifted) write(this.known, changeOf(lifted));
      return lifted !== undefined;
    });
  }

  /** Undefined where no place for revocations is bound. */
  get place(): Revocations | undefined {
    return this.store;
  }

  async onModuleInit(): Promise<void> {
    if (this.store) await this.inTurn((store) => this.load(store));
  }

  onApplicationBootstrap(): void {
    if (this.store) this.pollLater();
  }

  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.last;
  }

  private inTurn<T>(step: (store: Revocations) => Promise<T>): Promise<T> {
    const { store } = this;
    if (!store) return Promise.reject(new Error('no place for revocations is bound'));
    const result = this.last.then(() => step(store));
    // Whoever asked for the step gets its failure; the next one starts all the same.
    this.last = result.catch(() => undefined);
    return result;
  }

  private pollLater(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => void this.poll(), POLL_MS);
    this.timer.unref();
  }

  private async poll(): Promise<void> {
    try {
      await this.inTurn((store) => this.load(store));
      if (this.failing) this.logger.log('revocations are read again');
      this.failing = false;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!this.failing) this.logger.warn(`revocations cannot be read, those known hold: ${why}`);
      this.failing = true;
    }
    this.pollLater();
  }

  /** Page by page, so that requests are answered in between. */
  private async load(store: Revocations): Promise<void> {
    const isFull = performance.now() - this.loadedAt > RELOAD_MS;
    const book = isFull ? emptyBook() : this.known;
    let page = await store.load(isFull ? 0 : this.revision);
    for (;;) {
      for (const change of page.changes) write(book, change);
      if (!page.hasMore) break;
      page = await store.load(page.revision);
    }
    this.known = book;
    if (isFull) this.loadedAt = performance.now();
    else if (page.revision < this.revision) this.loadedAt = -Infinity; // the database is another one, or an older one
    this.revision = page.revision;
  }
}

function emptyBook(): Book {
  return { token: new Map(), subject: new Map() };
}

function write(book: Book, { kind, name, issuedBefore, expiresAt = Infinity, isLifted }: RevocationChange): void {
  if (isLifted) book[kind].delete(name);
  else book[kind].set(name, { issuedBefore: kind === 'token' ? Infinity : issuedBefore, until: expiresAt });
}

function changeOf({ kind, name, issuedBefore, expiresAt, liftedAt }: Revocation): RevocationChange {
  return {
    kind, name, issuedBefore: issuedBefore.getTime(), isLifted: liftedAt !== undefined,
    ...(expiresAt && { expiresAt: expiresAt.getTime() }),
  };
}

/** A token that does not say when it was issued counts as issued before. */
function isOn(known: Known | undefined, issuedAt = -Infinity): boolean {
  return known !== undefined && issuedAt * 1000 < known.issuedBefore && known.until > Date.now();
}
