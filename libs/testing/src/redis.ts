import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';

/**
 * What is left after `kill` and `start`. `none`: nothing. `log`: all that was answered. `snapshot`: an older state, up to
 * some seconds back, which is the meanest to a cache.
 */
export type PersistenceOfRedis = 'none' | 'log' | 'snapshot';

export interface RedisOptions {
  /** `none` unless said otherwise. */
  readonly persistence?: PersistenceOfRedis;
  /** Further arguments of redis-server, such as `--maxmemory 1mb`. */
  readonly args?: readonly string[];
}

const HOST = '127.0.0.1';
// Below the ports that Linux gives to outgoing connections (from 32768), also with 10000 added for the cluster's bus:
// while a killed Redis is away nobody is given its port, and no client that tries again connects to itself. Nor does another
// of jest's workers take it: each has its own share of them.
const [LOWEST_PORT, HIGHEST_PORT] = [10_000, 22_000] as const;
const BUS_OFFSET = 10_000;
const SHARES = 8;
const SHARE = Number(process.env.JEST_WORKER_ID ?? 0) % SHARES;
const TRIES = 10;
const UP_WITHIN_MS = 30_000;

const PERSISTENCE: Record<PersistenceOfRedis, readonly string[]> = {
  none: ['--save', '', '--appendonly', 'no'],
  // Written, if not synced, before the answer: outlives the process, though not the machine.
  log: ['--save', '', '--appendonly', 'yes', '--appendfsync', 'no'],
  snapshot: ['--save', '1 1', '--appendonly', 'no'],
};

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL'); // a spec that died on the way leaves nothing behind
});

/**
 * Starts a `redis-server` for one spec on a free port, in a temporary folder. Stop it when the spec is over.
 * @throws Error with redis-server's words when it does not start
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'gss-redis-'));
  for (let tries = 1; ; tries += 1) {
    const redis = new RedisServer(await freePort(), folder, options);
    try {
      await redis.start();
      return redis;
    } catch (error) {
      // Between the look and the start another spec may have been given the same port.
      if (tries < TRIES && String(error).includes('Address already in use')) continue;
      await redis.stop();
      throw error;
    }
  }
}

/** A `redis-server` that can be killed, paused and started again on the same port. */
export class RedisServer {
  readonly url: string;
  private child: ChildProcess | undefined;
  private said = '';

  constructor(readonly port: number, private readonly folder: string, private readonly options: RedisOptions) {
    this.url = `redis://${HOST}:${port}`;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Starts it, again or for the first time, on its port; resolves when it answers. */
  async start(): Promise<void> {
    if (this.child) throw new Error(`Redis runs already on port ${this.port}`);
    this.said = '';
    const child = spawn('redis-server', [
      '--port', String(this.port), '--bind', HOST, '--dir', this.folder, '--loglevel', 'notice',
      ...PERSISTENCE[this.options.persistence ?? 'none'], ...this.options.args ?? [],
    ], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    running.add(child);
    const hear = (chunk: Buffer): void => {
      this.said = (this.said + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    let ended = '';
    child.once('error', (error) => { ended = `${error.message}; is redis-server on the PATH?`; });
    child.once('close', () => { ended ||= `it said: ${this.said}`; });
    child.once('exit', () => {
      running.delete(child);
      if (this.child === child) this.child = undefined;
    });
    const up = await eventually(async () => ended || await askRedis(this.port, 'PING'), UP_WITHIN_MS);
    if (up !== '+PONG' || this.child !== child) { // also where another one answered on the port
      await this.kill();
      throw new Error(`redis-server does not start on port ${this.port}: ${ended || up}`);
    }
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** SIGSTOP: its port takes connections and bytes, and nobody answers. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  /** SIGCONT. */
  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * One command on a connection of its own, without a client library; the answer as the protocol spells it.
 * @throws Error when nobody listens, or when it is not ready yet
 */
export async function askRedis(port: number, ...words: readonly string[]): Promise<string> {
  const socket = connect(port, HOST);
  try {
    const spelt = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('');
    socket.write(`*${words.length}\r\n${spelt}*1\r\n$4\r\nQUIT\r\n`);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    if (!answer.endsWith('+OK\r\n') || answer.startsWith('-LOADING')) throw new Error(`Redis is not ready: ${answer}`);
    return answer.slice(0, -'\r\n+OK\r\n'.length);
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST_PORT + SHARE + SHARES * Math.floor((Math.random() * (HIGHEST_PORT - LOWEST_PORT)) / SHARES);
    if (await isFree(port) && await isFree(port + BUS_OFFSET)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, HOST);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
