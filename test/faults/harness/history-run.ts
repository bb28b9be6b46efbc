import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { verify } from '@app/integrity';
import type { Client } from 'pg';
import { v5 as uuidv5 } from 'uuid';
import { checkChains } from './check-chain.js';
import { LogCheck } from './check-log.js';
import { checkReceipts } from './check-receipts.js';
import { checkCounters, checkReplay } from './check-states.js';
import type { Aggregate } from './client-log.js';
import { withDatabase } from './database.js';
import { commitExploit, type Exploit, LOOT, type ScopeKind, SCOPES } from './exploit.js';
import { Fleet } from './fleet.js';
import { type Making, patch } from './intents.js';
import { LoadClient } from './load-client.js';
import { endOf, isOver, operationIn } from './operation-row.js';
import { Operator, type Told } from './operator.js';
import { Random, seedOfRun } from './random.js';
import type { ServiceProcess } from './service-process.js';

const DOWN_MS = [0, 300] as const;
const SHOWN = 5;

type Step = 'execute' | 'undo';

/** From the moment that an instance works on it to the kill, in ms. */
const INTO_WORK_MS = [0, 100] as const;

/** What an operator does to the past, on two instances under load of which one is killed in the middle of it. */
export class HistoryRun {
  readonly random: Random;
  readonly operator: Operator;
  readonly figures = { rounds: 0, kills: 0, cut: 0, cutInTheMiddle: 0, stale: 0, rolledBack: 0, undone: 0, rebuilt: 0, takenUp: 0 };
  private readonly seed = seedOfRun();
  private readonly started = performance.now();
  private readonly load: LoadClient;
  private readonly making: Making;

  private constructor(readonly fleet: Fleet) {
    this.random = new Random(this.seed);
    const anyInstance = (): ServiceProcess => this.random.pick(fleet.instances);
    this.load = new LoadClient({
      get url() { return anyInstance().url; },
      get token() { return anyInstance().token; },
    }, this.seed, { 'cache-control': 'no-cache' });
    this.making = { log: this.load.log, random: this.random, tag: () => `history-${randomUUID()}` };
    this.operator = new Operator(fleet.instances, this.random, this.load.log);
  }

  /** Starts a fleet on new data. End the run, whatever becomes of it. */
  static async begin(): Promise<HistoryRun> {
    const run = new HistoryRun(await Fleet.start({ instances: 2 }));
    try {
      await run.load.prepare();
    } catch (error) {
      await run.end();
      throw error;
    }
    return run;
  }

  /** Something done under load; then everybody waits for the last answer, and the log is held against the clients'. */
  async round<T>(work: () => Promise<T>): Promise<T> {
    this.figures.rounds += 1;
    this.load.start();
    let result: T;
    try {
      result = await work();
    } finally {
      await this.load.stop();
    }
    await withDatabase(this.fleet.dataDir, (client) => this.check(client));
    this.assertNothingWrong();
    return result;
  }

  /**
   * An exploit of many aggregates is rolled back, and every other time the rollback is undone, with a kill in each; and one of a single
   * aggregate. @returns whether one was cut in the middle
   */
  async rollback(): Promise<boolean> {
    const { cutInTheMiddle } = this.figures;
    await this.takeBack(await this.exploit(this.random.pick(SCOPES)));
    await this.takeBack(await this.exploit('aggregate'));
    this.figures.rolledBack += 1;
    return this.figures.cutInTheMiddle > cutInTheMiddle;
  }

  private exploit(kind: ScopeKind): Promise<Exploit> {
    const tokenOf = (actor: string): string => this.fleet.instances[0]!.tokenOf('service', actor);
    return commitExploit(kind, { load: this.load, making: this.making, tokenOf });
  }

  private async takeBack(exploit: Exploit): Promise<void> {
    const rollbackId = await this.carryOut(exploit, 'execute', await this.preview(exploit));
    await this.expectOnce(exploit, rollbackId, 'StateRolledBack');
    await this.expectLoot(exploit, false);
    if (this.random.chance(0.5)) return;
    await this.carryOut(exploit, 'undo', rollbackId);
    await this.expectOnce(exploit, rollbackId, 'StateRollbackUndone');
    await this.expectLoot(exploit, true);
    for (const event of exploit.events) event.adds = { counter: 'patched', by: LOOT }; // it counts again
    this.figures.undone += 1;
  }

  /** The states are built again, by whichever instance is left; it must come to its end. @returns whether it was taken up by another one */
  async rebuild(): Promise<boolean> {
    const { takenUp } = this.figures;
    const begun = await this.operator.insist('POST', '/operations/rebuild', { target: 'states', reason: 'faults' });
    // It may have been begun by a request that had no answer.
    const { operationId: id } = { ...begun.body.details as object, ...begun.body } as { operationId: string };
    await withDatabase(this.fleet.dataDir, async (client) => {
      for (let kills = this.random.whole(1, 3); kills > 0; kills -= 1) {
        const holder = await this.runningOn(client, id);
        if (!holder) break;
        await this.killAndStart(this.random.chance(0.8) ? holder : this.random.pick(this.fleet.instances));
      }
      const { status, lease, error } = await endOf(client, id);
      if (status !== 'completed') this.violate(`a rebuild that was cut is ${status}: ${error}`);
      this.figures.takenUp += Number(lease) - 1;
    });
    this.figures.rebuilt += 1;
    return this.figures.takenUp > takenUp;
  }

  /** @param down what is done while it is gone */
  async killAndStart(victim: ServiceProcess, down: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    await victim.kill();
    this.figures.kills += 1;
    await down();
    await sleep(this.random.whole(...DOWN_MS));
    await victim.start();
  }

  /** @throws Error naming the seed and what is wrong, if anything is */
  assertNothingWrong(): void {
    const { violations } = this.load.log;
    if (violations.length === 0) return;
    throw new Error([
      `history, round ${this.figures.rounds}, FAULTS_SEED=${this.seed}: ${violations.length} things are wrong`,
      ...violations.slice(0, SHOWN).map(({ kind, what }) => `  ${kind}: ${what}`),
      ...this.fleet.instances.map(({ url, lastWords }) => `${url} said: ${lastWords.slice(-1500)}`),
    ].join('\n'));
  }

  async end(): Promise<void> {
    const { acknowledged, figures: { requests, inDoubt } } = this.load.log;
    process.stdout.write(`history: ${JSON.stringify(this.figures)}, ${requests} requests, ${acknowledged.size} events acknowledged, `
      + `${inDoubt} in doubt, ${((performance.now() - this.started) / 1000).toFixed(1)} s, seed ${this.seed}\n`);
    await this.load.close();
    await this.fleet.end();
  }

  violate(what: string): void {
    this.load.log.violate('state', what);
  }

  private async check(client: Client): Promise<void> {
    const { log } = this.load;
    await new LogCheck(log).run(client);
    await checkReplay(client, log);
    await checkCounters(client, log);
    await checkChains(client, log);
    await checkReceipts(client, log);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    for (const finding of (await verify(client)).findings) this.violate(`verify found ${JSON.stringify(finding)}`);
    await client.query('COMMIT');
  }

  private async preview({ scope, victims }: Exploit): Promise<string> {
    const { status, body } = await this.operator.insist('POST', '/rollbacks', { scope });
    if (status !== 201 || (body.affected as unknown[]).length !== victims.length) throw new Error(`no preview: ${status} ${JSON.stringify(body)}`);
    return String(body.rollbackId);
  }

  /** Begins it on one instance, kills one, writes to those it is about, and asks again until it is done. @returns the rollback that was done */
  private async carryOut(exploit: Exploit, step: Step, rollbackId: string): Promise<string> {
    const begins = this.random.pick(this.fleet.instances);
    const ask = { reason: 'an exploit', ...(step === 'execute' && { confirm: String(exploit.victims.length) }) };
    const path = (id: string): string => `/rollbacks/${id}/${step}`;
    const first = await this.cutShort(this.operator.ask(begins, 'POST', path(rollbackId), ask), begins, exploit, step === 'execute' ? rollbackId : uuidv5('undo', rollbackId));
    for (let id = rollbackId, told = first; ; told = await this.operator.insist('POST', path(id), ask)) {
      if (told?.status === 200) return id;
      const { body: { status } } = await this.operator.insist('GET', `/rollbacks/${id}`);
      if (status === (step === 'execute' ? 'executed' : 'undone')) return id;
      if (step === 'execute' && status === 'previewed') {
        this.figures.stale += 1; // somebody wrote since: nothing was done
        id = await this.preview(exploit);
      } else if (told !== undefined && told.status !== 503 && told.body['error'] !== 'OPERATION_CONFLICT') { // nor while the one killed has not let go of it
        throw new Error(`${step} of a rollback that is ${String(status)}: ${told.status} ${JSON.stringify(told.body)}`);
      }
    }
  }

  /** Kills while the events of it, known by their correlation, come in; now and then another instance, or before there are any. */
  private cutShort(answer: Promise<Told | undefined>, begins: ServiceProcess, { victims }: Exploit, correlationId: string): Promise<Told | undefined> {
    let settled = false;
    const watched = answer.finally(() => (settled = true));
    return withDatabase(this.fleet.dataDir, async (client) => {
      const count = async (): Promise<number> => Number((await client.query<{ n: string }>(
        'SELECT count(*) AS n FROM global_state.events WHERE correlation_id = $1', [correlationId])).rows[0]!.n);
      const reached = async (wanted: number): Promise<void> => {
        while (!settled && await count() < wanted) await sleep(1);
      };
      const killed = this.random.chance(0.85) ? begins : this.random.pick(this.fleet.instances);
      const enough = this.random.whole(0, victims.length - 1);
      const strike = async (): Promise<void> => {
        await reached(enough);
        await this.killAndStart(killed, async () => {
          const done = await count();
          if (killed === begins && done > 0 && done < victims.length) this.figures.cutInTheMiddle += 1;
        });
      };
      const write = async (): Promise<void> => {
        if (this.random.chance(0.9)) await reached(1); // else the preview may be stale before anything is done
        const isWhole = victims.length === 1; // a new preview would take back what was written
        if (!isWhole || await count() > 0) await this.writeTo(victims);
      };
      const [told] = await Promise.all([watched, strike(), write()]);
      if (told === undefined) this.figures.cut += 1;
      return told;
    });
  }

  /** The instance that works on an operation now, at some moment of its work; `undefined` once it is over. */
  private async runningOn(client: Client, id: string): Promise<ServiceProcess | undefined> {
    for (;;) {
      const { status, by } = await operationIn(client, id);
      if (isOver(status)) return undefined;
      const holder = this.fleet.instances.find(({ pid }) => by === `process ${pid}`);
      if (status === 'running' && holder) {
        await sleep(this.random.whole(...INTO_WORK_MS));
        return holder;
      }
      await sleep(1);
    }
  }

  /** What is not the exploit's, in the middle of it all: it must stay. */
  private async writeTo(victims: readonly Aggregate[]): Promise<void> {
    const some = victims.filter(() => this.random.chance(0.3));
    for (const victim of some) {
      await this.load.insist(patch(victim, this.making));
      await sleep(this.random.whole(0, 20));
    }
  }

  /** Each aggregate has one event of it, of which its client was told or not; now it is. */
  private async expectOnce({ victims }: Exploit, rollbackId: string, eventType: string): Promise<void> {
    const rows = await withDatabase(this.fleet.dataDir, async (client) => (await client.query<{ id: string; version: string }>(
      `SELECT aggregate_id AS id, version FROM global_state.events WHERE event_type = $1 AND metadata->>'rollbackId' = $2`, [eventType, rollbackId])).rows);
    for (const victim of victims) {
      const found = rows.filter(({ id }) => id === victim.id);
      if (found.length !== 1) this.violate(`${eventType} is there ${found.length} times for ${victim.type}/${victim.id}`);
      for (const { version } of found) this.load.log.acknowledge({ aggregate: victim, eventType, keyed: false }, Number(version));
    }
    if (rows.length !== victims.length) this.violate(`${rows.length} events ${eventType} for ${victims.length} aggregates`);
  }

  /** What the exploit set is there or not. */
  private async expectLoot({ victims }: Exploit, isThere: boolean): Promise<void> {
    const { rows } = await withDatabase(this.fleet.dataDir, (client) => client.query<{ id: string }>(
      `SELECT aggregate_id AS id FROM global_state.aggregate_states WHERE aggregate_id = ANY ($1) AND (data::jsonb ? 'loot') <> $2`,
      [victims.map(({ id }) => id), isThere]));
    for (const { id } of rows) this.violate(`the loot of ${id} is ${isThere ? 'not there' : 'still there'}`);
  }
}
