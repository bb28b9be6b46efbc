import { createHash } from 'node:crypto';
import type { Verified } from '@app/auth';
import type { Pool } from 'pg';

/** What of `pg` is used. */
export type TicketDatabase = Pick<Pool, 'query'>;

const PUT = {
  name: 'stream-ticket-put',
  text: `
    WITH old AS (DELETE FROM global_state.stream_tickets WHERE expires_at < now())
    INSERT INTO global_state.stream_tickets VALUES ($1, $2, now() + $3 * interval '1 second') RETURNING expires_at`,
};
const TAKE = {
  name: 'stream-ticket-take',
  text: 'DELETE FROM global_state.stream_tickets WHERE hash = $1 RETURNING verified, expires_at > now() AS holds',
};

/** Remembers whom a ticket stands for. Only its hash is stored. @returns when it ends */
export async function putTicket(db: TicketDatabase, ticket: string, verified: Verified, seconds: number): Promise<Date> {
  const { rows } = await db.query<{ expires_at: Date }>({ ...PUT, values: [hashOf(ticket), JSON.stringify(verified), seconds] });
  return rows[0]!.expires_at;
}

/** Whom a ticket stands for. Of several who come with it, one gets it. */
export async function takeTicket(db: TicketDatabase, ticket: string): Promise<Verified | undefined> {
  const { rows } = await db.query<{ verified: Verified; holds: boolean }>({ ...TAKE, values: [hashOf(ticket)] });
  return rows[0]?.holds ? rows[0].verified : undefined;
}

function hashOf(ticket: string): Buffer {
  return createHash('sha256').update(ticket).digest();
}
