import { createClient, createCluster, type RedisClientType, type RedisClusterType } from '@redis/client';
import { redisClusterInsStore, redisInsStore } from 'cache-manager-redis-yet';

/** One server, or the seeds of a cluster. */
export interface RedisTarget {
  readonly urls: readonly string[];
  readonly cluster: boolean;
}

/** Commands under way at once; more are refused. */
const MOST_AT_ONCE = 4_000;

/** A client that connects by itself, again and again, until it is dropped. */
export class RedisClient {
  readonly commands: RedisClientType | RedisClusterType;
  /** Reads a key as cache-manager does. */
  readonly get: (key: string) => Promise<unknown>;
  private dropped = false;

  constructor({ urls, cluster }: RedisTarget, private readonly broke: (error: Error) => void) {
    const reconnectStrategy = (retries: number): number | false => !this.dropped && Math.min(50 * 2 ** retries, 1_000);
    const socket = { connectTimeout: 1_000, reconnectStrategy };
    // Without disableOfflineQueue commands would wait for a server that is away.
    const defaults = { socket, disableOfflineQueue: true, commandsQueueMaxLength: MOST_AT_ONCE };
    this.commands = cluster
      ? createCluster({ rootNodes: urls.map((url) => ({ url })), defaults }) as unknown as RedisClusterType
      : createClient({ url: urls[0], ...defaults }) as unknown as RedisClientType;
    const store = cluster ? redisClusterInsStore(this.commands as never, { rootNodes: [] }) : redisInsStore(this.commands as never);
    this.get = (key) => store.get(key);
    // Without a listener the first error would end the process.
    this.commands.on('error', (error: Error) => this.failed(error));
    // A connection that was under way when the client was dropped comes about all the same.
    this.commands.on('ready', () => void this.end());
    void this.connect();
  }

  /**
   * Sends a command to the node that has the key. The client's own `eval` and `evalSha` do not find the key among their arguments: they ask
   * nodes of a cluster at random, and the whole cluster for its nodes each time that they are sent elsewhere (1.6.1).
   */
  send(key: string, command: string[]): Promise<unknown> {
    const { commands } = this;
    return 'isReady' in commands ? commands.sendCommand(command) : commands.sendCommand(key, false, command);
  }

  /** Whether it is connected to all that it knows of. */
  get isWhole(): boolean {
    const { commands } = this;
    if ('isReady' in commands) return commands.isReady;
    return commands.masters.length > 0 && commands.masters.every(({ client }) => client !== undefined && 'isReady' in client && client.isReady);
  }

  /** Ends it; commands under way fail. */
  async drop(): Promise<void> {
    this.dropped = true;
    await this.end();
  }

  private async connect(): Promise<void> {
    try {
      await this.commands.connect();
    } catch (error) {
      this.failed(error instanceof Error ? error : new Error(String(error)));
    }
    await this.end();
  }

  private failed(error: Error): void {
    if (!this.dropped) this.broke(error);
  }

  /** A client of one server that is not connected is left alone: it ends with its next attempt, or once that succeeds. */
  private async end(): Promise<void> {
    const { commands } = this;
    if (this.dropped && (!('isReady' in commands) || commands.isReady)) await commands.disconnect();
  }
}
