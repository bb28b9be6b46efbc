import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Aggregate } from './client-log.js';
import { type Answer, batch, type Intent, type Making, patch, publish, put } from './intents.js';
import { Mortal } from './mortal.js';
import { Random } from './random.js';
import { Reader } from './reader.js';
import { TimedLog } from './timed-log.js';
import { type Address, type Heard, Transport } from './transport.js';

const TYPES = ['player', 'guild', 'world', 'economy', 'combat'];
const CLIENTS = 24;
export const SHARED = 176;
const SETTLED_WITHIN_MS = 60_000;
const WRITES = 0.3;
/** How often a client looks for its own write at once, through whichever instance. */
const LOOKS_BACK = 0.6;

/**
 * Many clients, each asking one thing at a time of a random instance: writes to aggregates of which some are hot, all of
 * them read; some die and come back. Writes insist on an answer; reads are held against what was known before.
 */
export class CacheLoad {
  readonly log = new TimedLog();
  readonly transport = new Transport(this.log, CLIENTS + 8);
  readonly aggregates: readonly Aggregate[];
  private readonly clients: CacheClient[];
  private working: Promise<void[]> | undefined;
  private stopping = false;

  constructor(instances: readonly Address[], seed: number) {
    const all = Array.from({ length: SHARED + CLIENTS }, (_, i) => ({ type: TYPES[i % TYPES.length]!, id: randomUUID() }));
    this.aggregates = all;
    const reader = new Reader(this.log, this.transport);
    this.clients = Array.from({ length: CLIENTS }, (_, i) => new CacheClient(
      { log: this.log, transport: this.transport, reader, instances, aggregates: all, shared: all.slice(0, SHARED) },
      new Random(seed * 1000 + i), `c${i}`, all[SHARED + i]!));
  }

  /** One write to each of the shared aggregates, all through the first instance. The first time makes them. */
  async writeShared(): Promise<void> {
    const left = this.aggregates.slice(0, SHARED);
    await Promise.all(this.clients.map(async (client) => {
      for (let next = left.pop(); next; next = left.pop()) await client.writeThroughFirst(next);
    }));
  }

  /** Sets all clients to work. */
  start(): void {
    this.stopping = false;
    this.working = Promise.all(this.clients.map(async (client) => {
      while (!this.stopping) await client.step();
    }));
  }

  /** Resolves when every client has the answer to what it asked last. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.working;
  }
}

interface Surroundings {
  readonly log: TimedLog;
  readonly transport: Transport;
  readonly reader: Reader;
  readonly instances: readonly Address[];
  readonly aggregates: readonly Aggregate[];
  readonly shared: readonly Aggregate[];
}

class CacheClient {
  private readonly making: Making;
  private readonly mortal: Mortal;
  private tags = 0;

  constructor(
    private readonly around: Surroundings, private readonly random: Random, name: string, own: Aggregate,
  ) {
    this.making = { log: around.log, random, tag: () => `${name}-${++this.tags}` };
    this.mortal = new Mortal(own, this.making);
  }

  async step(): Promise<void> {
    const { random, around: { reader, instances, aggregates } } = this;
    if (random.chance(WRITES)) {
      const { aggregates: written, intent } = this.nextWrite();
      await this.write(written, intent);
      if (random.chance(LOOKS_BACK)) await reader.since(random.pick(instances), random.pick(written));
      return;
    }
    const aggregate = this.skewed(aggregates);
    const to = random.pick(instances);
    const choice = random.next();
    if (choice < 0.6) await reader.plain(to, aggregate);
    else if (choice < 0.85) await reader.conditional(to, aggregate);
    else if (choice < 0.95) await reader.since(to, aggregate);
    else await reader.strong(to, aggregate);
  }

  async writeThroughFirst(aggregate: Aggregate): Promise<void> {
    await this.write([aggregate], put(aggregate, this.making), this.around.instances[0]);
  }

  private nextWrite(): { aggregates: readonly Aggregate[]; intent: Intent } {
    const choice = this.random.next();
    if (choice < 0.15) return { aggregates: [this.mortal.aggregate], intent: this.mortal.next() };
    const aggregate = this.skewed(this.around.shared);
    if (choice < 0.25) {
      const aggregates = [aggregate, this.skewed(this.around.shared), this.skewed(this.around.shared)];
      return { aggregates, intent: batch(aggregates, this.making) };
    }
    const make = choice < 0.45 ? put : choice < 0.75 ? patch : publish;
    return { aggregates: [aggregate], intent: make(aggregate, this.making) };
  }

  /** A few of them all the time, the others now and then. */
  private skewed<T>(from: readonly T[]): T {
    return from[Math.floor(from.length * this.random.next() ** 3)]!;
  }

  /** Sends it, each time to another instance, until there is an answer that counts. */
  private async write(aggregates: readonly Aggregate[], intent: Intent, only?: Address): Promise<void> {
    const { log, instances, transport, reader } = this.around;
    const deadline = performance.now() + SETTLED_WITHIN_MS;
    for (let sent = 1; ; sent += 1) {
      const heard = await transport.send(only ?? this.random.pick(instances), intent);
      const answer = heard && answerOf(heard);
      const verdict = answer && answer.status !== 503 ? intent.settle(answer) : 'in doubt';
      if (heard && answer && verdict === 'settled') {
        if (sent > 1 && answer.replayed) log.figures.wasDone += 1;
        reader.wrote(aggregates, heard);
        return;
      }
      if (verdict === 'wrong' || performance.now() > deadline) {
        log.violate('answer', `${intent.method} ${intent.path} ${intent.body ?? ''} -> ${heard?.status} ${heard?.text}`);
        return;
      }
      if (sent === 1) log.figures.inDoubt += 1;
      log.figures.sentAgain += 1;
      await sleep(Math.min(20 * 2 ** sent, 250) * (0.5 + Math.random()));
    }
  }
}

function answerOf({ status, text, headers }: Heard): Answer {
  return {
    status, body: text ? JSON.parse(text) as Answer['body'] : {}, replayed: headers['idempotent-replayed'] === 'true',
  };
}
