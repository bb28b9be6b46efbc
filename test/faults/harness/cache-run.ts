import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { CacheLoad } from './cache-load.js';
import type { Strike } from './cache-faults.js';
import { checkAnswers } from './check-answers.js';
import { checkChains } from './check-chain.js';
import { LogCheck } from './check-log.js';
import { checkReceipts } from './check-receipts.js';
import { checkCounters, checkReplay } from './check-states.js';
import type { Violation } from './client-log.js';
import { withDatabase } from './database.js';
import { Fleet, type FleetOptions } from './fleet.js';
import { Random, seedOfRun } from './random.js';

const LOAD_MS = [400, 900] as const;
/** After a strike so many events more must be acknowledged and so many reads answered. */
const GOES_ON = 100;
const GOES_ON_WITHIN_MS = 60_000;
const QUIET_MS = 2_000;
/** All of it is a few hundred states: what grows beyond this is a queue without a bound. */
const MAX_RESIDENT_BYTES = 400 * 1024 ** 2;
const SHOWN = 5;

/** Rounds of load and strikes on several instances, with every answer held against what was known. */
export class CacheRun {
  readonly random: Random;
  readonly load: CacheLoad;
  private readonly seed = seedOfRun();
  private readonly started = performance.now();
  private readonly struck: string[] = [];
  private compared = 0;
  private fromRedis = 0;
  private mostResident = 0;
  private readonly check: LogCheck;

  private constructor(private readonly name: string, readonly fleet: Fleet) {
    this.random = new Random(this.seed);
    this.load = new CacheLoad(fleet.instances, this.seed);
    this.check = new LogCheck(this.load.log);
  }

  /** Starts a fleet on new data. End the run, whatever becomes of it. */
  static async begin(name: string, options: FleetOptions): Promise<CacheRun> {
    const run = new CacheRun(name, await Fleet.start(options));
    try {
      await run.load.writeShared();
    } catch (error) {
      await run.end();
      throw error;
    }
    return run;
  }

  get violations(): readonly Violation[] {
    return this.load.log.violations;
  }

  /** Load, strikes in the middle of it, load until work goes on; quiet; then all answers against the database. */
  async round(strikes: readonly Strike[]): Promise<void> {
    await this.underLoad(async () => {
      for (const strike of strikes) {
        this.struck.push(strike.name);
        await strike(this.fleet, this.random);
        await this.goesOn();
      }
    });
    await this.quietAndCheck();
    if (this.fleet.hasRedis) await this.checkFresh();
    this.assertNothingWrong();
  }

  /** Some load, what is given in the middle of it; then everybody waits for the last answer. */
  async underLoad(work: () => Promise<void>): Promise<void> {
    this.load.start();
    try {
      await sleep(this.random.whole(...LOAD_MS));
      await work();
    } finally {
      await this.load.stop();
    }
  }

  /** What every instance answers after 2 s of quiet. */
  async quietAndCheck(): Promise<void> {
    await sleep(QUIET_MS);
    const { instances } = this.fleet;
    await withDatabase(this.fleet.dataDir, async (client) => {
      const named = Object.fromEntries(instances.map((instance, i) => [`instance ${i}`, instance]));
      this.compared += await checkAnswers(client, this.load, named);
      await this.check.run(client);
    });
    for (const [i, { endedByItself, residentBytes }] of instances.entries()) {
      if (endedByItself) throw this.failure(`instance ${i} ended by itself: ${endedByItself}`);
      this.mostResident = Math.max(this.mostResident, residentBytes);
    }
    if (this.mostResident > MAX_RESIDENT_BYTES) throw this.failure(`an instance grew to ${this.mostResident} bytes`);
  }

  /** In quiet: what an instance answers that has nothing in memory, so that all it knows is from Redis or the database. */
  async checkFresh(): Promise<void> {
    const fresh = await this.fleet.startFresh();
    try {
      await withDatabase(this.fleet.dataDir, async (client) => {
        this.compared += await checkAnswers(client, this.load, { 'a fresh instance': fresh });
      });
      this.fromRedis += await fresh.counted('cache_hits_total{layer="l2"');
    } finally {
      await fresh.remove();
    }
  }

  /** The whole log against all that was acknowledged. */
  async checkAll(): Promise<void> {
    const { log } = this.load;
    await withDatabase(this.fleet.dataDir, async (client: Client) => {
      await new LogCheck(log).run(client);
      await checkReplay(client, log);
      await checkCounters(client, log);
      await checkChains(client, log);
      await checkReceipts(client, log);
    });
    this.assertNothingWrong();
  }

  /** @throws Error naming the seed and what is wrong, if anything is */
  assertNothingWrong(): void {
    if (this.violations.length > 0) throw this.failure(`${this.violations.length} things are wrong`);
  }

  async end(): Promise<void> {
    process.stdout.write(`${this.summary()}\n`);
    await this.load.transport.close();
    await this.fleet.end();
  }

  private summary(): string {
    const { acknowledged, figures, reading } = this.load.log;
    const seconds = ((performance.now() - this.started) / 1000).toFixed(1);
    return `${this.name}: ${this.struck.join(', ')}; ${figures.requests} requests, ${acknowledged.size} events acknowledged ` +
      `(${figures.inDoubt} requests in doubt, ${figures.conflicts} conflicts), ${figures.reads} reads judged ` +
      `(${reading.plain} plain, ${reading.conditional} conditional of which ${reading.notModified} not modified, ` +
      `${reading.since} since a position, ${reading.strong} strong; ${reading.unanswered} unanswered), ` +
      `oldest answer ${reading.stalestMs} ms (${reading.over150} over 150), ${this.compared} answers compared in quiet (${this.fromRedis} from Redis to a fresh instance), ` +
      `at most ${Math.round(this.mostResident / 1024 ** 2)} MB resident, ${seconds} s, seed ${this.seed}`;
  }

  private async goesOn(): Promise<void> {
    const { acknowledged, figures } = this.load.log;
    const [events, reads] = [acknowledged.size + GOES_ON, figures.reads + GOES_ON];
    const deadline = performance.now() + GOES_ON_WITHIN_MS;
    while (acknowledged.size < events || figures.reads < reads) {
      if (performance.now() > deadline) throw this.failure(`the service does not go on within ${GOES_ON_WITHIN_MS} ms`);
      await sleep(5);
    }
  }

  private failure(what: string): Error {
    const shown = this.violations.slice(0, SHOWN).map(({ kind, what: detail }) => `  ${kind}: ${detail}`);
    return new Error([
      `${this.name}, after ${this.struck.join(', ')}, FAULTS_SEED=${this.seed}: ${what}`, ...shown,
      ...this.fleet.instances.map(({ url, lastWords }) => `${url} said: ${lastWords.slice(-1500)}`),
    ].join('\n'));
  }
}
