import { createClient, createCluster, type RedisClientType, type RedisClusterType } from '@redis/client';
import { type KeyvStoreAdapter } from 'keyv';
import { KeyvAdapter } from 'cache-manager';
import { redisClusterInsStore, redisInsStore } from 'cache-manager-redis-yet';
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleAll } from 'cockatiel';
import type { Script } from './scripts.js';

export interface RedisOptions {
  /** One server, or the seeds of a cluster. */
  readonly urls: readonly string[];
  readonly cluster: boolean;
  readonly log: (level: 'warn' | 'error', line: string) => void;
}

/** A command that takes longer has failed. PostgreSQL is never far: waiting longer would cost more than a miss. In ms. */
const TIMEOUT_MS = 100;
/** Commands under way at once; more are refused. */
const MOST_AT_ONCE = 4_000;
const FAILURES_BEFORE_BREAK = 5;
const BROKEN_FOR_MS = 1_000;

/**
 * Redis behind a circuit breaker, one server or a cluster. Every command ends within 100 ms, one way or the other; while the
 * breaker is open none is sent. Connects by itself, again and again, and never fails the process.
 */
export class RedisConnection {
  private readonly client: RedisClientType | RedisClusterType;
  private readonly breaker = circuitBreaker(handleAll, {
    halfOpenAfter: BROKEN_FOR_MS, breaker: new ConsecutiveBreaker(FAILURES_BEFORE_BREAK),
  });
  private readonly lost = new Set<() => void>();
  private failing = false;
  private closed = false;

  constructor(private readonly options: RedisOptions) {
    // A cluster that finds its nodes anew while it is closed leaves clients behind, which end at their next attempt.
    const reconnectStrategy = (retries: number): number | false => !this.closed && Math.min(50 * 2 ** retries, 1_000);
    const socket = { connectTimeout: 1_000, reconnectStrategy };
    // Without disableOfflineQueue commands would wait for a server that is away.
    const defaults = { socket, disableOfflineQueue: true, commandsQueueMaxLength: MOST_AT_ONCE };
    this.client = options.cluster
      ? createCluster({ rootNodes: options.urls.map((url) => ({ url })), defaults }) as unknown as RedisClusterType
      : createClient({ url: options.urls[0], ...defaults }) as unknown as RedisClientType;
    // Without a listener the first error would end the process.
    this.client.on('error', (error: Error) => this.broke(error));
    void this.connect();
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
    const store = this.options.cluster
      ? redisClusterInsStore(this.client as never, { rootNodes: [] })
      : redisInsStore(this.client as never);
    return new KeyvAdapter({
      ...store, client: undefined, get: (key: string) => this.run(() => store.get(key)),
    } as unknown as ConstructorParameters<typeof KeyvAdapter>[0]);
  }

  /** Runs a script on one key. */
  async evaluate(script: Script, key: string, ...values: readonly (string | number)[]): Promise<unknown> {
    const options = { keys: [key], arguments: values.map(String) };
    return this.run(async () => {
      try {
        return await this.client.evalSha(script.sha, options);
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
        return await this.client.eval(script.text, options);
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
    return this.breaker.execute(() => within(TIMEOUT_MS, command()));
  }

  private async connect(): Promise<void> {
    while (!this.closed) {
      try {
        await this.client.connect();
        if (this.closed) await this.client.disconnect();
        return;
      } catch (error) {
        this.broke(error instanceof Error ? error : new Error(String(error)));
        if (this.closed) return;
        await new Promise((resolve) => setTimeout(resolve, 1_000).unref());
      }
    }
  }

  private broke(error: Error): void {
    if (this.closed) return;
    if (!this.failing) this.options.log('warn', `Redis is away (${error.message}): going on without it`);
    this.failing = true;
    for (const listener of this.lost) listener();
  }

  /** A command went through again after an outage. */
  recovered(): void {
    if (this.failing) this.options.log('warn', 'Redis is back');
    this.failing = false;
  }

  async close(): Promise<void> {
    this.closed = true;
    // A client that never connected has nothing to disconnect, and says so.
    await this.client.disconnect().catch((error: Error) => this.options.log('warn', `closing Redis: ${error.message}`));
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
