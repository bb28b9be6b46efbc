import { type KeyvStoreAdapter } from 'keyv';
import { KeyvAdapter } from 'cache-manager';
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleAll } from 'cockatiel';
import { RedisClient, type RedisTarget } from './redis-client.js';
import type { Script } from './scripts.js';

export interface RedisOptions extends RedisTarget {
  readonly log: (level: 'warn' | 'error', line: string) => void;
  /** A command that takes longer has failed. Default: 100 ms, for PostgreSQL is never far and waiting longer would cost more than a miss. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 100;
const FAILURES_BEFORE_BREAK = 5;
const BROKEN_FOR_MS = 1_000;
/** A client that tries to connect says more often than this that it cannot. In ms. */
const SILENT_MS = 3_000;

/**
 * Redis behind a circuit breaker, one server or a cluster. Every command ends in time, one way or the other; while the
 * breaker is open none is sent. Connects by itself, again and again, and never fails the process.
 *
 * The client is given up for a new one where it does not find back by itself: when nothing is answered and it knows of no
 * error, as after a NAT forgot its connection; and when a node of a cluster stays away, for the client asks a cluster for its
 * nodes only when one of them sends it elsewhere, which a dead one does not.
 */
export class RedisConnection {
  private redis: RedisClient;
  private brokeAtMs = Number.NEGATIVE_INFINITY;
  private renewal: NodeJS.Timeout | undefined;
  private isProbing = false;
  private readonly breaker = circuitBreaker(handleAll, {
    halfOpenAfter: BROKEN_FOR_MS, breaker: new ConsecutiveBreaker(FAILURES_BEFORE_BREAK),
  });
  private readonly lost = new Set<() => void>();
  private failing = false;
  private closed = false;

  constructor(private readonly options: RedisOptions) {
    this.redis = this.open();
    this.breaker.onHalfOpen(() => { this.isProbing = true; });
    this.breaker.onReset(() => { this.isProbing = false; });
    this.breaker.onBreak(() => {
      if (this.isProbing && performance.now() - this.brokeAtMs > SILENT_MS) this.renew('no answer, and no error');
      this.isProbing = false;
    });
  }

  private get client(): RedisClient['commands'] {
    return this.redis.commands;
  }

  /** Whether commands are being sent. */
  get isUp(): boolean {
    return !this.failing && this.breaker.state !== CircuitState.Open;
  }

  /** Calls back whenever a connection broke: what was there before may be gone, or back from an old copy. */
  onLost(listener: () => void): void {
    this.lost.add(listener);
  }

  /** The store that cache-manager reads through. An error is a miss to it; the breaker has seen it. */
  store(): KeyvStoreAdapter {
    return new KeyvAdapter({
      get: (key: string) => this.run(() => this.redis.get(key)),
    } as unknown as ConstructorParameters<typeof KeyvAdapter>[0]);
  }

  /** Runs a script on one key. */
  async evaluate(script: Script, key: string, ...values: readonly (string | number)[]): Promise<unknown> {
    const keyAndValues = ['1', key, ...values.map(String)];
    return this.run(async () => {
      try {
        return await this.redis.send(key, ['EVALSHA', script.sha, ...keyAndValues]);
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
        return await this.redis.send(key, ['EVAL', script.text, ...keyAndValues]);
      }
    });
  }

  /** Deletes a key. */
  async forget(key: string): Promise<void> {
    await this.run(() => this.client.del(key));
  }

  /**
   * Names members of a set, which leave it by themselves unless they are named again; of those with the prefix only they stay.
   * @returns all members, those named by others too
   */
  async gather(key: string, named: readonly string[], { prefix, ttlMs }: { prefix: string; ttlMs: number }): Promise<string[]> {
    return this.run(async () => {
      const now = Date.now();
      if (named.length > 0) await this.client.zAdd(key, named.map((value) => ({ value, score: now })));
      const [all] = await Promise.all([
        this.client.zRangeByScore(key, now - ttlMs, '+inf'),
        this.client.zRemRangeByScore(key, '-inf', now - ttlMs),
        this.client.pExpire(key, ttlMs),
      ]);
      const old = all.filter((member) => member.startsWith(prefix) && !named.includes(member));
      if (old.length > 0) await this.client.zRem(key, old);
      return all;
    });
  }

  /** One round trip; throws when Redis does not answer. */
  async ping(): Promise<void> {
    await this.run(() => this.client.exists('gss:ping'));
  }

  private run<T>(command: () => Promise<T>): Promise<T> {
    return this.breaker.execute(() => within(this.options.timeoutMs ?? TIMEOUT_MS, command()));
  }

  private open(): RedisClient {
    return new RedisClient(this.options, (error) => {
      this.broke(error);
      if (this.options.cluster) this.renewal ??= setTimeout(() => this.renewUnlessWhole(), BROKEN_FOR_MS).unref();
    });
  }

  private renewUnlessWhole(): void {
    this.renewal = undefined;
    if (!this.redis.isWhole) this.renew('a node of the cluster stays away');
  }

  private renew(why: string): void {
    if (this.closed) return;
    this.broke(new Error(why));
    void this.redis.drop();
    this.redis = this.open();
  }

  private broke(error: Error): void {
    if (this.closed) return;
    if (!this.failing) this.options.log('warn', `Redis is away (${error.message}): going on without it`);
    this.failing = true;
    this.brokeAtMs = performance.now();
    for (const listener of this.lost) listener();
  }

  /** A command went through again after an outage. */
  recovered(): void {
    if (this.failing) this.options.log('warn', 'Redis is back');
    this.failing = false;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.renewal);
    await this.redis.drop();
  }
}

/** cockatiel's own timeout shares one signal between all commands under way, and Node.js warns of its listeners. */
async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
