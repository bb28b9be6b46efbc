import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { checkChains } from './check-chain.js';
import { LogCheck } from './check-log.js';
import { checkReceipts } from './check-receipts.js';
import { checkCounters, checkReplay } from './check-states.js';
import type { Violation } from './client-log.js';
import { withDatabase } from './database.js';
import { LoadClient } from './load-client.js';
import { Random, seedOfRun } from './random.js';
import { ServiceProcess } from './service-process.js';

/** A strike comes after this much load, in ms. */
const LOAD_MS = [200, 900] as const;
/** So many events more must be acknowledged after a strike, to show that work goes on. */
const GOES_ON = 100;
const GOES_ON_WITHIN_MS = 30_000;
const SHOWN = 5;

/** Rounds of load and strikes on one service and its data, with the clients' log held against the database. */
export class FaultRun {
  readonly random: Random;
  private rounds = 0;
  private readonly seed = seedOfRun();
  private readonly started = performance.now();
  private readonly load: LoadClient;
  private readonly check: LogCheck;

  private constructor(private readonly name: string, readonly service: ServiceProcess) {
    this.random = new Random(this.seed);
    this.load = new LoadClient(service, this.seed);
    this.check = new LogCheck(this.load.log);
  }

  /** Starts a service on new data. End the run, whatever becomes of it. */
  static async begin(name: string): Promise<FaultRun> {
    const run = new FaultRun(name, await ServiceProcess.start());
    try {
      await run.load.prepare();
    } catch (error) {
      await run.end();
      throw error;
    }
    return run;
  }

  get violations(): readonly Violation[] {
    return this.load.log.violations;
  }

  /** Load, a strike in the middle of it, load again until work goes on; then everybody waits for the last answer. */
  async round(strike: () => Promise<void> | void): Promise<void> {
    this.rounds += 1;
    this.load.start();
    try {
      await sleep(this.random.whole(...LOAD_MS));
      await strike();
      await this.goesOn();
    } finally {
      await this.load.stop();
    }
    await withDatabase(this.service.dataDir, (client) => this.check.run(client));
    if (this.service.endedByItself) throw this.failure(`the service ended by itself: ${this.service.endedByItself}`);
  }

  /** Everything, from the first event on. */
  async checkAll(): Promise<void> {
    await withDatabase(this.service.dataDir, (client) => this.checkIn(client));
  }

  /** The same in a transaction of the caller's. */
  async checkIn(client: Client): Promise<void> {
    const { log } = this.load;
    await new LogCheck(log).run(client);
    await checkReplay(client, log);
    await checkCounters(client, log);
    await checkChains(client, log);
    await checkReceipts(client, log);
  }

  /** The kinds of violations found so far, which are then forgotten. */
  takeKinds(): Set<Violation['kind']> {
    return new Set(this.load.log.violations.splice(0).map(({ kind }) => kind));
  }

  /** @throws Error naming the seed and what is wrong, if anything is */
  assertNothingWrong(): void {
    if (this.violations.length > 0) throw this.failure(`${this.violations.length} things are wrong`);
  }

  /** One line about the run. */
  summary(): string {
    const { acknowledged, figures: { requests, reads, conflicts, inDoubt, sentAgain, wasDone } } = this.load.log;
    const seconds = ((performance.now() - this.started) / 1000).toFixed(1);
    return `${this.name}: ${this.rounds} rounds, ${requests} requests (${reads} reads, ${conflicts} conflicts), ` +
      `${acknowledged.size} events acknowledged, ${inDoubt} requests in doubt (${wasDone} of them were done), ` +
      `sent again ${sentAgain} times, ${seconds} s, seed ${this.seed}`;
  }

  async end(): Promise<void> {
    process.stdout.write(`${this.summary()}\n`);
    await this.load.close();
    await this.service.remove();
  }

  private async goesOn(): Promise<void> {
    const { acknowledged } = this.load.log;
    const enough = acknowledged.size + GOES_ON;
    const deadline = performance.now() + GOES_ON_WITHIN_MS;
    while (acknowledged.size < enough) {
      if (performance.now() > deadline) throw this.failure(`the service does not go on within ${GOES_ON_WITHIN_MS} ms`);
      await sleep(5);
    }
  }

  private failure(what: string): Error {
    const shown = this.violations.slice(0, SHOWN).map(({ kind, what: detail }) => `  ${kind}: ${detail}`);
    return new Error([
      `${this.name}, round ${this.rounds}, FAULTS_SEED=${this.seed}: ${what}`,
      ...shown,
      `the service said: ${this.service.lastWords}`,
    ].join('\n'));
  }
}
