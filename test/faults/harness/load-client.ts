import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { type Aggregate, ClientLog } from './client-log.js';
import { type Answer, batch, type Intent, type Making, patch, publish, put, read } from './intents.js';
import { codeOf } from './kill.js';
import { Mortal } from './mortal.js';
import { Random } from './random.js';

const TYPES = ['player', 'guild', 'world', 'economy', 'combat'];
const WRITERS = 24;
const SHARED_AGGREGATES = 48;
const MORTALS = 12;
/** An answer that takes longer is as bad as a wrong one. */
const ANSWER_WITHIN_MS = 20_000;
const SETTLED_WITHIN_MS = 60_000;

/** Where the service listens now; another place after each start. */
export interface Address {
  readonly url: string;
  readonly token: string;
}

/**
 * Many clients at once, who write to the same aggregates, insist on an answer to whatever they ask, and log what they
 * are told. Each asks one thing at a time.
 */
export class LoadClient {
  readonly log = new ClientLog();
  private readonly agent = new Agent({ connections: WRITERS + 8, pipelining: 1, headersTimeout: ANSWER_WITHIN_MS });
  private readonly shared = aggregates(SHARED_AGGREGATES);
  private readonly writers: Writer[];
  private working: Promise<void[]> | undefined;
  private stopping = false;

  constructor(private readonly service: Address, seed: number, readHeaders: Making['readHeaders'] = {}) {
    const owned = aggregates(MORTALS);
    this.writers = Array.from({ length: WRITERS }, (_, i) => new Writer(this.log, new Random(seed * 1000 + i), {
      name: `c${i}`, shared: this.shared, own: owned[i], readHeaders,
    }));
  }

  /** Makes the shared aggregates. */
  async prepare(): Promise<void> {
    const making: Making = { log: this.log, random: new Random(0), tag: () => `made-${randomUUID()}` };
    for (const aggregate of this.shared) await this.insist(put(aggregate, making));
  }

  /** Sets all clients to work. */
  start(): void {
    this.stopping = false;
    this.working = Promise.all(this.writers.map(async (writer) => {
      while (!this.stopping) await this.carryOut(writer);
    }));
  }

  /** Resolves when every client has the answer to what it asked last. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.working;
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async carryOut(writer: Writer): Promise<void> {
    const intent = writer.next();
    const settled = await this.insist(intent);
    if (!settled || intent.method === 'GET' || !writer.random.chance(0.04)) return;
    const again = await this.insist(intent);
    const says = intent.path !== '/api/v1/events/batch' && settled.status < 400; // a batch and a refusal do not
    if (again && says && !again.replayed) {
      this.log.violate('answer', `asked twice on purpose and not answered as a repetition: ${describe(intent, again)}`);
    }
  }

  /** Asks until there is an answer that counts. Only no answer, and 503 with a time to wait, leave it open. */
  async insist(intent: Intent): Promise<Answer | undefined> {
    const deadline = performance.now() + SETTLED_WITHIN_MS;
    for (let sent = 1; ; sent += 1) {
      const answer = await this.send(intent);
      const verdict = answer && answer.status !== 503 ? intent.settle(answer) : 'in doubt';
      if (answer && verdict === 'settled') {
        if (sent > 1 && answer.replayed) this.log.figures.wasDone += 1;
        return answer;
      }
      if (verdict === 'wrong' || performance.now() > deadline) {
        this.log.violate('answer', describe(intent, answer));
        return undefined;
      }
      if (sent === 1) this.log.figures.inDoubt += 1;
      this.log.figures.sentAgain += 1;
      await sleep(Math.min(20 * 2 ** sent, 250) * (0.5 + Math.random()));
    }
  }

  private async send({ method, path, headers, body }: Intent): Promise<Answer | undefined> {
    this.log.figures.requests += 1;
    try {
      const response = await request(`${this.service.url}${path}`, {
        method, body, headers: { authorization: `Bearer ${this.service.token}`, ...headers }, dispatcher: this.agent,
      });
      const text = await response.body.text();
      if (response.statusCode === 503 && response.headers['retry-after'] === undefined) {
        this.log.violate('answer', `503 without Retry-After: ${method} ${path}`);
      }
      return {
        status: response.statusCode, body: text ? JSON.parse(text) : {},
        replayed: response.headers['idempotent-replayed'] === 'true',
      };
    } catch (error) {
      this.judge(error, `${method} ${path}`);
      return undefined;
    }
  }

  /** A connection may break; a service that takes a request and says nothing, or says what is no JSON, may not be. */
  private judge(error: unknown, what: string): void {
    const code = codeOf(error);
    if (['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(code)) return;
    this.log.violate('answer', `${what}: ${String(error)} ${code}`);
  }
}

/** One client: decides what to ask next. */
class Writer {
  readonly random: Random;
  private readonly making: Making;
  private readonly shared: readonly Aggregate[];
  private readonly mortal: Mortal | undefined;
  private tags = 0;

  constructor(
    log: ClientLog, random: Random, given: { name: string; shared: readonly Aggregate[]; own: Aggregate | undefined } & Pick<Making, 'readHeaders'>,
  ) {
    this.random = random;
    this.shared = given.shared;
    this.making = { log, random, tag: () => `${given.name}-${++this.tags}`, readHeaders: given.readHeaders };
    this.mortal = given.own && new Mortal(given.own, this.making);
  }

  next(): Intent {
    const aggregate = this.random.pick(this.shared);
    const choice = this.random.next();
    if (this.mortal && choice < 0.2) return this.mortal.next();
    if (choice < 0.45) return publish(aggregate, this.making);
    if (choice < 0.65) return put(aggregate, this.making);
    if (choice < 0.85) return patch(aggregate, this.making);
    if (choice < 0.92) return read(aggregate, this.making);
    const others = Array.from({ length: this.random.whole(1, 5) }, () => this.random.pick(this.shared));
    return batch([aggregate, ...others], this.making);
  }
}

function aggregates(count: number): Aggregate[] {
  return Array.from({ length: count }, (_, i) => ({ type: TYPES[i % TYPES.length]!, id: randomUUID() }));
}

function describe({ method, path, body }: Intent, answer: Answer | undefined): string {
  const said = answer ? `${answer.status} ${JSON.stringify(answer.body)}` : 'no answer';
  return `${method} ${path} ${body?.slice(0, 300) ?? ''} -> ${said}`;
}
