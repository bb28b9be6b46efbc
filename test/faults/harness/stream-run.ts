import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@app/testing';
import { request } from 'undici';
import { expectedOf, knowsAll, readWholeLog, wrongWith } from './check-streams.js';
import { withDatabase } from './database.js';
import { Fleet, type FleetOptions } from './fleet.js';
import { Random, seedOfRun } from './random.js';
import { StreamSubscriber, type Wish } from './stream-subscriber.js';

const TYPES = ['player', 'guild', 'world', 'economy', 'combat'];
const SERVERS = ['eu-1', 'us-1'];
const AGGREGATES = 15;
const WRITERS = 4;
const BATCH = [1, 6] as const;
const REST_MS = [0, 60] as const;
const KNOWS_WITHIN_MS = 30_000;
const CLEAN_WITHIN_MS = 10_000;
const SHOWN = 5;

export interface StreamRunOptions extends FleetOptions {
  readonly subscribers: number;
  /** Nobody is cut. */
  readonly isCalm?: boolean;
}

/** Writers, and subscribers that are cut all the time, on several instances. */
export class StreamRun {
  readonly random: Random;
  readonly violations: string[] = [];
  readonly struck: string[] = [];
  private readonly subscribers: StreamSubscriber[];
  private readonly aggregates: readonly { type: string; id: string }[];
  private writing: Promise<unknown> = Promise.resolve();
  private stopping = false;
  private compared = 0;
  private events = 0;
  private readonly seed = seedOfRun();
  private readonly started = performance.now();

  private constructor(private readonly name: string, readonly fleet: Fleet, { subscribers, isCalm = false }: StreamRunOptions) {
    this.random = new Random(this.seed);
    this.aggregates = Array.from({ length: AGGREGATES }, (_, i) => ({ type: TYPES[i % TYPES.length]!, id: randomUUID() }));
    this.subscribers = Array.from({ length: subscribers }, (_, i) =>
      new StreamSubscriber({ ...this.wish(i), isCalm }, fleet.instances, new Random(this.seed * 1000 + i)));
  }

  /** Starts a fleet on new data. End the run, whatever becomes of it. */
  static async begin(name: string, options: StreamRunOptions): Promise<StreamRun> {
    return new StreamRun(name, await Fleet.start(options), options);
  }

  get reconnects(): number {
    return this.subscribers.reduce((sum, { reconnects }) => sum + reconnects, 0);
  }

  /** Changes that all of them together were told of. */
  get told(): number {
    return this.subscribers.reduce((sum, { told }) => sum + told.length, 0);
  }

  /** Writes and reconnects while something is done; then holds all that was told against the log. */
  async during(work: () => Promise<void>): Promise<void> {
    for (const subscriber of this.subscribers) subscriber.begin();
    this.writing = Promise.all(Array.from({ length: WRITERS }, (_, i) => this.write(new Random(this.seed * 2000 + i))));
    try {
      await work();
    } finally {
      this.stopping = true;
      await this.writing;
      await Promise.all(this.subscribers.map((subscriber) => subscriber.stop()));
    }
    await this.check();
  }

  /** @throws Error naming the seed and what is wrong, if anything is */
  assertNothingWrong(): void {
    if (this.violations.length === 0) return;
    throw new Error([
      `${this.name}, after ${this.struck.join(', ')}, FAULTS_SEED=${this.seed}: ${this.violations.length} things are wrong`,
      ...this.violations.slice(0, SHOWN).map((violation) => `  ${violation}`),
      ...this.fleet.instances.map(({ url, lastWords }) => `${url} said: ${lastWords.slice(-1500)}`),
    ].join('\n'));
  }

  async end(): Promise<void> {
    const resyncs = this.subscribers.reduce((sum, each) => sum + each.resyncs, 0);
    process.stdout.write(`${this.name}: ${this.struck.join(', ')}; ${this.subscribers.length} subscribers, ${this.reconnects} reconnects, ` +
      `${this.events} events in the log, ${this.compared} messages compared, ${resyncs} resyncs, ` +
      `${((performance.now() - this.started) / 1000).toFixed(1)} s, seed ${this.seed}\n`);
    await this.fleet.end();
  }

  /** All ways, on channels of one aggregate, of a type and of a server; every sixth takes states only. */
  private wish(i: number): Omit<Wish, 'isCalm'> {
    const { type, id } = this.aggregates[i % this.aggregates.length]!;
    const channel = [`${type}/${id}`, `${type}/*`, `server/${SERVERS[i % SERVERS.length]}`, `${type}/*`][Math.floor(i / 3) % 4]!;
    return { channel, way: (['ws', 'frames', 'events'] as const)[i % 3]!, delivery: i % 6 === 5 ? 'latest' : 'lossless' };
  }

  /** What is not acknowledged may be in the log or not: the log is the judge. */
  private async write(random: Random): Promise<void> {
    while (!this.stopping) {
      const events = Array.from({ length: random.whole(...BATCH) }, () => {
        const { type: aggregateType, id: aggregateId } = random.pick(this.aggregates);
        return {
          aggregateType, aggregateId, eventType: 'Noted', eventData: { note: random.chance(0.1) ? 'x'.repeat(random.whole(0, 3000)) : random.next() },
          ...(random.chance(0.5) && { serverId: random.pick(SERVERS) }),
        };
      });
      const { url, token } = random.pick(this.fleet.instances);
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const [{ aggregateType, aggregateId }] = events as [typeof events[number]];
      await (random.chance(0.05)
        ? request(`${url}/api/v1/state/${aggregateType}/${aggregateId}`, { method: 'DELETE', headers })
        : request(`${url}/api/v1/events/batch`, { method: 'POST', headers, body: JSON.stringify({ events }) })
      ).then(({ body }) => body.dump(), () => undefined);
      await sleep(random.whole(...REST_MS));
    }
  }

  private async check(): Promise<void> {
    const log = await withDatabase(this.fleet.dataDir, readWholeLog);
    this.events = log.length;
    await Promise.all(this.subscribers.map(async (subscriber) => {
      const expected = expectedOf(subscriber, log);
      await subscriber.catchUp(() => knowsAll(subscriber, expected), KNOWS_WITHIN_MS);
      const wrong = wrongWith(subscriber, expected);
      if (wrong !== undefined) this.violations.push(`${subscriber.name}: ${wrong}`);
      for (const violation of subscriber.violations) this.violations.push(`${subscriber.name}: ${violation}`);
      this.compared += subscriber.told.length;
    }));
    for (const { url, endedByItself } of this.fleet.instances) {
      if (endedByItself !== undefined) this.violations.push(`an instance ended by itself: ${endedByItself}`);
      else await this.expectNobodyLeft(url);
    }
  }

  private async expectNobodyLeft(url: string): Promise<void> {
    let left: string[] = [];
    await eventually(async () => {
      const { body } = await request(`${url}/metrics`);
      left = (await body.text()).split('\n').filter((line) => /^gss_stream_(connections|subscriptions|queued_bytes) [^0]/.test(line));
      if (left.length > 0) throw new Error('some are left');
    }, CLEAN_WITHIN_MS).catch(() => this.violations.push(`${url} holds on to clients that are gone: ${left.join(', ')}`));
  }
}
