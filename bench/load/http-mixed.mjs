// Reads and writes at a given rate over several instances (open loop): a request has its time, whether or not the one before it was
// answered, and its latency counts from that time.
import { performance } from 'node:perf_hooks';
import { spread, zipf } from '../lib/stats.mjs';
import { Acknowledged } from './acknowledged.mjs';
import { expectStatus, openConnections, requestOf } from './http-connection.mjs';

const CONNECTIONS = 512;
const STALE_MS = 200;
/** After the end, what is still unanswered is waited for so long. */
const PATIENCE_MS = 3_000;
const SEEN = 'x'.repeat(180);

/** @param {{ ports: number[], token: string, ids: string[] }} options */
export async function open({ ports, token, ids }) {
  const reads = ids.map((id) => Buffer.from(requestOf('GET', `/api/v1/state/player/${id}`, { token })));
  const write = (who, n) => requestOf('POST', '/api/v1/events', { token, body: `{"eventType":"CurrencyEarned","aggregateType":"player",`
    + `"aggregateId":"${ids[who]}","eventData":{"gold":{"$inc":5},"position":{"zone":"harbour-17","x":${n % 4096},"y":-77,"z":3},"seen":"${SEEN}"}}` });
  const target = { reads, write, acknowledged: new Acknowledged(ids.length) };
  /** Connections of this call only: those of an overloaded run still have answers to come. */
  const withPools = async (use) => {
    const pools = await Promise.all(ports.map((port) => openConnections(port, CONNECTIONS)));
    try {
      return await use(pools);
    } finally {
      for (const connection of pools.flat()) connection.close();
    }
  };
  return {
    /** Every player once through every instance. */
    fill: () => withPools(async (pools) => {
      await Promise.all(pools.map(async (pool) => {
        let next = 0;
        await Promise.all(pool.map(async (connection) => {
          while (next < reads.length) expectStatus(await connection.send(reads[next++]), 200);
        }));
      }));
    }),
    /** Every player written to once through every instance: each then holds the states that it decides on. */
    touch: () => withPools(async (pools) => {
      for (const pool of pools) {
        let next = 0;
        await Promise.all(pool.map(async (connection) => {
          while (next < ids.length) {
            const who = next++;
            const answer = await connection.send(write(who, who));
            expectStatus(answer, 201);
            target.acknowledged.written(who, JSON.parse(answer.body).eventVersion, performance.now());
          }
        }));
      }
    }),
    run: (options) => withPools((pools) => new MixedRun(target, pools, options).go()),
  };
}

class MixedRun {
  #free;
  #queues;
  #open = new Set();
  #over = false;
  #took = { read: [], write: [] };
  #failed = new Map();
  #stale = { any: 0, old: 0, worst: 0 };
  #sent = 0;

  constructor(target, pools, { seconds, rate, readShare, theta }) {
    this.target = target;
    this.seconds = seconds;
    this.rate = rate;
    this.readShare = readShare;
    this.pick = zipf(target.reads.length, theta);
    this.#free = pools.map((pool) => [...pool]);
    this.#queues = pools.map(() => new Queue());
  }

  async go() {
    const cpu = process.cpuUsage();
    const begun = performance.now();
    const total = Math.floor(this.rate * this.seconds);
    for (let due = 0; this.#sent < total;) {
      await new Promise((resolve) => { setTimeout(resolve, 1); });
      due = Math.min(total, Math.floor((performance.now() - begun) * this.rate / 1000));
      for (; this.#sent < due; this.#sent += 1) this.#begin(begun + this.#sent * 1000 / this.rate);
    }
    const { user, system } = process.cpuUsage(cpu);
    const cores = (user + system) / 1000 / (performance.now() - begun);
    await this.#settle();
    return this.#result(cores);
  }

  #begin(intended) {
    const kind = Math.random() < this.readShare ? 'read' : 'write';
    const instance = Math.floor(Math.random() * this.#free.length);
    const job = { kind, who: this.pick(), intended, instance, n: this.#sent };
    this.#open.add(job);
    // In turn: one that lies unused for 15 s is closed by the service.
    const connection = this.#free[instance].shift();
    if (connection) void this.#send(job, connection);
    else this.#queues[instance].push(job);
  }

  async #send(job, connection) {
    const sentAt = performance.now();
    try {
      const { reads, write } = this.target;
      const answer = await connection.send(job.kind === 'read' ? reads[job.who] : write(job.who, job.n));
      if (this.#over) return;
      const now = performance.now();
      this.#took[job.kind].push(now - job.intended);
      this.#look(job, answer, sentAt, now);
    } catch (error) {
      if (this.#over) return;
      this.#fail(error.message);
    }
    this.#open.delete(job);
    this.#next(job.instance, connection);
  }

  #look({ kind, who }, { status, head, body }, sentAt, now) {
    if (status !== (kind === 'read' ? 200 : 201)) {
      this.#fail(`${kind} answered ${status}`);
    } else if (kind === 'write') {
      this.target.acknowledged.written(who, JSON.parse(body).eventVersion, now);
    } else {
      this.#compare(who, Number(/\r\netag: "v(\d+)"/i.exec(head)[1]), sentAt);
    }
  }

  #compare(who, version, sentAt) {
    const stale = this.target.acknowledged.staleness(who, version, sentAt);
    if (stale === 0) return;
    this.#stale.any += 1;
    if (stale > STALE_MS) this.#stale.old += 1;
    this.#stale.worst = Math.max(this.#stale.worst, stale);
  }

  #next(instance, connection) {
    const job = this.#queues[instance].shift();
    if (job) void this.#send(job, connection);
    else this.#free[instance].push(connection);
  }

  #fail(what) {
    this.#failed.set(what, (this.#failed.get(what) ?? 0) + 1);
  }

  /** Waits for what is in flight, then gives up on the rest. */
  async #settle() {
    const end = performance.now() + PATIENCE_MS;
    while (this.#open.size > 0 && performance.now() < end) await new Promise((resolve) => { setTimeout(resolve, 5); });
    this.#over = true;
  }

  /** What has no answer counts with the time it has waited so far: a quantile of the answered ones would flatter. */
  #result(cores) {
    const now = performance.now();
    const of = (kind) => {
      const waiting = [...this.#open].filter((job) => job.kind === kind).map(({ intended }) => now - intended);
      const all = [...this.#took[kind], ...waiting];
      return all.length > 0 ? { rate: this.#took[kind].length / this.seconds, ...spread(all) } : undefined;
    };
    return {
      read: of('read'), write: of('write'), offered: this.rate, sent: this.#sent, unanswered: this.#open.size, cores,
      stale: this.#stale, failed: Object.fromEntries(this.#failed),
    };
  }
}

/** First in, first out, also with a hundred thousand in it. */
class Queue {
  #items = [];
  #head = 0;

  push(item) {
    this.#items.push(item);
  }

  shift() {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    }
    return item;
  }
}
