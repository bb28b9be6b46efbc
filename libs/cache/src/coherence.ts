import { setTimeout as sleep } from 'node:timers/promises';
import type { LayeredCache } from './layered-cache.js';
import type { CachePorts } from './ports.js';

/** Until the log is followed anew after an error. In ms. */
const PAUSE_MS = 1_000;

/** Keeps the caches of this instance true to the log: hands every look at it to them. */
export class Coherence {
  private readonly stop = new AbortController();
  private following: Promise<void> | undefined;
  private epochSeen: string | undefined;
  private sighted: () => void = () => undefined;
  private failing = false;

  constructor(private readonly cache: LayeredCache, private readonly ports: CachePorts) {}

  /** The epoch of the log, once there was a look at it. */
  get epoch(): string | undefined {
    return this.epochSeen;
  }

  /** Begins to follow; resolves with the first look, or when it is clear that there is none. */
  async start(): Promise<void> {
    const first = new Promise<void>((resolve) => { this.sighted = resolve; });
    this.following = this.followAgain();
    await first;
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.following;
  }

  /** Whatever went wrong: a new beginning tells of everything, for its first look is `restarted`. */
  private async followAgain(): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      await this.follow().catch((error: unknown) => this.failed(error));
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined); // ended
    }
  }

  /** Without looks the cache goes blind by itself: slow, not wrong. */
  private failed(error: unknown): void {
    if (!this.failing) this.ports.log('error', `the caches are out, the log cannot be followed: ${String(error)}`);
    this.failing = true;
    this.sighted();
  }

  private async follow(): Promise<void> {
    for await (const look of this.ports.source.follow(this.stop.signal)) {
      // Another epoch is another log: what the old one said means nothing.
      const restarted = look.restarted || (this.epochSeen !== undefined && look.epoch !== this.epochSeen);
      this.epochSeen = look.epoch;
      this.cache.apply(restarted === look.restarted ? look : { ...look, restarted });
      if (this.failing) this.ports.log('warn', 'the log is followed again');
      this.failing = false;
      this.sighted();
    }
  }
}
