import { randomBytes } from 'node:crypto';
import type { Verified } from '@app/auth';
import { ServiceError } from '@app/kernel';
import { putTicket, takeTicket, type TicketDatabase } from './sql/tickets.js';

const SECONDS = 30;
const FORM = /^[\w-]{43}$/;

/** Stands for a token once, within 30 s, at any instance: in a URL, which is logged and shared, a token must not be. */
export class Tickets {
  constructor(private readonly db: TicketDatabase) {}

  async issue(verified: Verified): Promise<{ ticket: string; expiresAt: Date }> {
    const ticket = randomBytes(32).toString('base64url');
    return { ticket, expiresAt: await putTicket(this.db, ticket, verified, SECONDS) };
  }

  /** @throws ServiceError UNAUTHENTICATED */
  async redeem(ticket: string): Promise<Verified> {
    const verified = FORM.test(ticket) ? await takeTicket(this.db, ticket) : undefined;
    if (!verified) throw new ServiceError('UNAUTHENTICATED', 'the ticket is unknown, used or has expired');
    return verified;
  }
}
