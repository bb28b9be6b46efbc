import type { Credentials } from '../credentials.js';
import { ApiError, StreamError } from '../errors.js';
import type { Settings } from '../options.js';
import { callOperation } from '../rest/operations.js';
import type { Transport } from '../rest/transport.js';
import type { Address } from './socket.js';

const PROTOCOL = 'gss.v1';

/** Where to connect, and as whom. */
export class Addresses {
  private readonly url: string;

  constructor(
    private readonly settings: Settings, private readonly credentials: Credentials, private readonly transport: Transport,
  ) {
    this.url = `${settings.url.replace(/^http/, 'ws')}/ws`;
  }

  /**
   * @param explain the last connection was refused before it opened. A WebSocket does not say why; buying a ticket does:
   * it is refused for the same reasons, in words.
   */
  async next(explain: boolean): Promise<Address & { token: string }> {
    const token = await this.credentials.token();
    const byTicket = this.settings.live.auth === 'ticket';
    const ticket = byTicket || explain ? await this.ticket(byTicket) : undefined;
    if (ticket !== undefined) return { url: `${this.url}?ticket=${encodeURIComponent(ticket)}`, protocols: [PROTOCOL], token };
    return { url: this.url, protocols: [PROTOCOL, `bearer.${token}`], token };
  }

  private async ticket(needed: boolean): Promise<string | undefined> {
    try {
      const { body } = await callOperation(this.transport, 'createStreamTicket', { retries: 0 });
      return body.ticket;
    } catch (error) {
      const missing = error instanceof ApiError && error.status === 404;
      if (missing && !needed) return undefined; // a service without tickets: the token has to do
      throw error;
    }
  }
}

/** Whether a failure to get an address is one that waiting does not mend. */
export function isFinal(error: unknown): boolean {
  if (error instanceof StreamError) return true;
  return error instanceof ApiError && error.status < 500 && error.status !== 429 && error.status !== 408;
}
