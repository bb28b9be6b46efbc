import type { IncomingHttpHeaders } from 'node:http';
import type { TokenVerifier, Verified } from '@app/auth';
import { ServiceError } from '@app/kernel';
import type { Admitted } from './engine/streams.js';
import type { Tickets } from './tickets.js';

/** The subprotocol that the server speaks (RFC 6455, 1.9); beside it a browser can send its token as another one. */
export const PROTOCOL = 'gss.v1';
const BEARER_PROTOCOL = 'bearer.';

/** Who may open a stream. */
export class StreamAccess {
  constructor(
    private readonly tokens: TokenVerifier, private readonly tickets: Tickets, private readonly allowedOrigins: readonly string[],
  ) {}

  /**
   * By a ticket in the query, a token in the header `Authorization`, or one among the subprotocols.
   * @throws ServiceError UNAUTHENTICATED, FORBIDDEN for a page of a foreign origin, SERVICE_UNAVAILABLE
   */
  async admit(headers: IncomingHttpHeaders, query: URLSearchParams): Promise<Admitted> {
    this.checkOrigin(headers);
    const verified = await this.verify(headers, query);
    if (!this.tokens.holds(verified)) throw new ServiceError('UNAUTHENTICATED', 'the token has expired or was revoked');
    return { principal: verified.principal, isAdmitted: () => this.tokens.holds(verified) };
  }

  private async verify(headers: IncomingHttpHeaders, query: URLSearchParams): Promise<Verified> {
    const ticket = query.get('ticket');
    if (ticket !== null) return this.tickets.redeem(ticket);
    const token = protocolsOf(headers).find((protocol) => protocol.startsWith(BEARER_PROTOCOL))?.slice(BEARER_PROTOCOL.length);
    return this.tokens.verify(token === undefined ? headers.authorization : `Bearer ${token}`);
  }

  /** Browsers say which page opens a stream, others say nothing (RFC 6455, 10.2). */
  private checkOrigin({ origin, host }: IncomingHttpHeaders): void {
    if (origin === undefined || this.allowedOrigins.includes(origin)) return;
    if (URL.canParse(origin) && new URL(origin).host === host) return;
    throw new ServiceError('FORBIDDEN', 'pages of this origin may not open streams: see ALLOWED_ORIGINS');
  }
}

export function protocolsOf(headers: IncomingHttpHeaders): string[] {
  return headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
}
