import { setTimeout as sleep } from 'node:timers/promises';
import { decodePosition } from '@app/kernel';
import type { Random } from './random.js';
import { type Ask, type Line, openLine, type Told, type Way } from './stream-line.js';
import type { Address } from './transport.js';

export interface Wish {
  readonly channel: string;
  readonly delivery: Ask['delivery'];
  readonly way: Way;
  /** It is not cut, except by what happens to the server. */
  readonly isCalm: boolean;
}

/** A change that was told, where the log had it. */
export interface ToldChange {
  readonly position: number;
  readonly aggregate: string;
  readonly version: number;
  readonly eventId: string;
}

/** What the server may say when it ends a stream of a client that did nothing wrong. */
const FAREWELLS = [/^HTTP 503$/, /^1012 \{"retryAfterMs":\d+\}$/, /^\{"code":1012,"reason":"\{\\"retryAfterMs\\":\d+\}"\}$/];
const LIFE_MS = [0, 80] as const;
/** A connection on which nothing is said, as of an instance that was killed, is given up. */
const NO_WORD_MS = 3_000;
const LIFE_BYTES = [1, 8_000] as const;
/** So that all are not in one phase, and a restart is not met by a storm. */
const AWAY_MS = [0, 40] as const;

/**
 * A client that resumes by the cursor it handled last, at any instance, and is cut at random: after some time or, where it
 * counts them itself, after some bytes.
 */
export class StreamSubscriber {
  readonly told: ToldChange[] = [];
  /** Of every time it could not go on where it was. */
  readonly violations: string[] = [];
  /** Where its story begins. */
  start: number | undefined;
  /** Connections beyond the first that got as far as SUBSCRIBED. */
  reconnects = 0;
  resyncs = 0;
  private cursor: string | undefined;
  private epoch: string | undefined;
  private stopping = false;
  private living: Promise<void> = Promise.resolve();
  private line: Line | undefined;

  constructor(readonly wish: Wish, private readonly instances: readonly Address[], private readonly random: Random) {}

  get name(): string {
    return `${this.wish.channel} by ${this.wish.way}, ${this.wish.delivery}`;
  }

  begin(): void {
    this.living = (async () => {
      while (!this.stopping) {
        await this.oneLife();
        await sleep(this.random.whole(...AWAY_MS));
      }
    })();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.line?.cut();
    await this.living;
  }

  /** Goes on without being cut until it knows everything. @returns false if that does not come within the time */
  async catchUp(knowsAll: () => boolean, withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    while (!knowsAll() && performance.now() < deadline) {
      const line = this.open();
      let broken = false;
      void line.over.then(() => (broken = true));
      while (!broken && !knowsAll() && performance.now() < deadline) await sleep(5);
      line.cut();
      await sleep(20);
    }
    return knowsAll();
  }

  private async oneLife(): Promise<void> {
    const { isCalm } = this.wish;
    const byBytes = !isCalm && this.wish.way !== 'ws' && this.random.chance(0.5);
    const lifeMs = this.random.whole(...LIFE_MS) * (byBytes ? 4 : 1);
    let timer: NodeJS.Timeout | undefined;
    // Most are cut some time after the first word, some before it.
    const line = this.open(byBytes ? this.random.whole(...LIFE_BYTES) : undefined, () => {
      clearTimeout(timer);
      if (!isCalm) timer = setTimeout(() => line.cut(), lifeMs);
    });
    timer = setTimeout(() => line.cut(), !isCalm && this.random.chance(0.1) ? lifeMs : NO_WORD_MS);
    const why = await line.over;
    clearTimeout(timer);
    if (why !== undefined && !FAREWELLS.some((farewell) => farewell.test(why))) this.violations.push(`it was closed: ${why}`);
  }

  private open(bytes?: number, atFirst?: () => void): Line {
    const { channel, delivery, way } = this.wish;
    const ask: Ask = {
      channel, delivery, ...(this.cursor !== undefined && { from: this.cursor }), ...(this.epoch !== undefined && { epoch: this.epoch }),
    };
    const line: Line = openLine(way, this.random.pick(this.instances), ask, (message) => {
      if (message.messageType === 'SUBSCRIBED') atFirst?.();
      if (!this.hear(message, ask)) line.cut();
    }, bytes);
    this.line = line;
    return line;
  }

  /** @returns false if there is no more to hear on this line */
  private hear(message: Told, ask: Ask): boolean {
    switch (message.messageType) {
      case 'SUBSCRIBED':
        this.subscribed(message, ask);
        break;
      case 'STATE_CHANGED':
        this.changed(message);
        break;
      case 'RESYNC_REQUIRED':
        this.resyncs += 1;
        if (this.wish.delivery === 'lossless') this.advance(message);
        return false;
      case 'ERROR':
        if (message.error !== 'SERVICE_UNAVAILABLE') this.violations.push(`an error: ${JSON.stringify(message)}`);
        return false;
      default:
        break;
    }
    this.advance(message);
    return true;
  }

  private subscribed(message: Told, ask: Ask): void {
    if (this.start === undefined) {
      this.start = decodePosition(message.cursor!)!.position;
    } else {
      this.reconnects += 1;
      if (!message.recovered || message.cursor !== ask.from) this.violations.push(`it did not go on at ${ask.from}: ${JSON.stringify(message)}`);
    }
    this.epoch = message.epoch;
  }

  private changed({ cursor, aggregateType, aggregateId, version, eventId }: Told): void {
    this.told.push({
      position: decodePosition(cursor!)!.position, aggregate: `${aggregateType}/${aggregateId}`, version: version!, eventId: eventId!,
    });
  }

  private advance({ cursor }: Told): void {
    if (cursor === undefined) return;
    const [was, is] = [this.cursor, cursor].map((each) => (each === undefined ? -1 : decodePosition(each)!.position));
    if (is! < was!) this.violations.push(`the cursor went back from ${was} to ${is}`);
    this.cursor = cursor;
  }
}
