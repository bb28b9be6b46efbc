import type { Revocation } from '../revocation/revocations.js';
import { type Database, run } from './database.js';
import { COLUMNS, type RevocationRow, toRevocation } from './revocation-row.js';

const LIST = {
  name: 'list-revocations',
  text: `
    SELECT ${COLUMNS} FROM global_state.token_revocations
    WHERE revision > $1 AND lifted_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    ORDER BY revision LIMIT $2 -- a change moves a row to the end: a reader of pages misses none`,
};

/** Revocations in force, oldest change first. */
export async function listRevocations(db: Database, afterRevision: number, limit: number): Promise<Revocation[]> {
  return (await run<RevocationRow>(db, LIST, [afterRevision, limit])).map(toRevocation);
}
