import { Agent, request } from 'undici';
import type { ClientLog } from './client-log.js';
import type { Intent } from './intents.js';
import { codeOf } from './kill.js';

/** Where an instance listens now; another place after each start. */
export interface Address {
  readonly url: string;
  readonly token: string;
}

export interface Heard {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** An answer that takes longer is as bad as a wrong one. */
const ANSWER_WITHIN_MS = 20_000;
/** A process that is killed breaks its connections. */
const BROKEN = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

/** Sends requests to any of the instances, and logs what none of them may ever do. */
export class Transport {
  private readonly agent: Agent;

  constructor(private readonly log: ClientLog, connections: number) {
    this.agent = new Agent({ connections, pipelining: 1, headersTimeout: ANSWER_WITHIN_MS });
  }

  /** The answer, or nothing when the connection broke. */
  async send(to: Address, { method, path, headers, body }: Omit<Intent, 'settle'>): Promise<Heard | undefined> {
    this.log.figures.requests += 1;
    try {
      const response = await request(`${to.url}${path}`, {
        method, body, headers: { ...headers, authorization: `Bearer ${to.token}` }, dispatcher: this.agent,
      });
      const text = await response.body.text();
      const { statusCode: status, headers: said } = response;
      if (status === 503 && said['retry-after'] === undefined) {
        this.log.violate('answer', `503 without Retry-After: ${method} ${path}`);
      }
      if (status >= 500 && status !== 503) this.log.violate('answer', `${method} ${path} -> ${status} ${text}`);
      return { status, headers: said, text };
    } catch (error) {
      if (!BROKEN.includes(codeOf(error))) this.log.violate('answer', `${method} ${path}: ${String(error)} ${codeOf(error)}`);
      return undefined;
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}
