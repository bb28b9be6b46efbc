import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { ClientLog } from './client-log.js';
import { codeOf } from './kill.js';
import type { Random } from './random.js';
import type { ServiceProcess } from './service-process.js';

export interface Told {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const BROKEN = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];
const PATIENCE_MS = 60_000;

/** Somebody who operates the service through whichever instance is there. */
export class Operator {
  constructor(private readonly instances: readonly ServiceProcess[], private readonly random: Random, private readonly log: ClientLog) {}

  /** The answer of one instance, or nothing when the connection broke. */
  async ask(to: ServiceProcess, method: 'GET' | 'POST', path: string, body?: object): Promise<Told | undefined> {
    try {
      const answer = await request(`${to.url}/api/v1${path}`, {
        method, ...(body && { body: JSON.stringify(body) }), headersTimeout: PATIENCE_MS,
        headers: { authorization: `Bearer ${to.tokenOf('operator')}`, ...(body && { 'content-type': 'application/json' }) },
      });
      return { status: answer.statusCode, body: await answer.body.json() as Told['body'] };
    } catch (error) {
      if (!BROKEN.includes(codeOf(error))) this.log.violate('answer', `${method} ${path}: ${String(error)}`);
      return undefined;
    }
  }

  /** Asks any instance until there is an answer that is not "not now". */
  async insist(method: 'GET' | 'POST', path: string, body?: object): Promise<Told> {
    for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline;) {
      const told = await this.ask(this.random.pick(this.instances), method, path, body);
      if (told && told.status !== 503) return told;
      await sleep(this.random.whole(20, 200));
    }
    throw new Error(`no answer to ${method} ${path}`);
  }
}
