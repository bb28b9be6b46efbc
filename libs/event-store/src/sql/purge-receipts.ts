import { type Queryable, run } from './database.js';

const PURGE = {
  name: 'purge-receipts',
  text: `
    DELETE FROM global_state.command_receipts WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM global_state.command_receipts WHERE created_at < now() - interval '24 hours'
      LIMIT $1 FOR UPDATE SKIP LOCKED)) -- a writer that renews an expired key holds its row: leave it
    RETURNING key`,
};

/** Deletes at most `limit` receipts older than 24 hours. @returns how many */
export async function purgeReceipts(db: Queryable, limit: number): Promise<number> {
  return (await run(db, PURGE, [limit])).length;
}
