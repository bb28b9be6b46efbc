import { type Queryable, run } from './database.js';

/**
 * Column of a statement that takes what every other writer waits for: from now to its end, the server ends a transaction whose client
 * says nothing for 2 s. A process that is frozen between two statements would stop all writers of the cluster.
 */
export const NOT_FROZEN = `set_config('idle_in_transaction_session_timeout', '2s', true)`;

const CLAIM_RECEIPTS = {
  name: 'claim-receipts',
  text: `
    INSERT INTO global_state.command_receipts (key, fingerprint, refs)
    SELECT key, '', '[]' FROM unnest($1::text[]) AS wanted(key) ORDER BY key
    ON CONFLICT (key) DO NOTHING RETURNING key, ${NOT_FROZEN}`,
};

/**
 * Takes idempotency keys for this transaction, sorted, before any head: the order of locks of every writer. Waits for a
 * concurrent twin.
 * @returns whether all of them were free
 */
export async function claimReceipts(db: Queryable, keys: readonly string[]): Promise<boolean> {
  if (keys.length === 0) return true;
  return (await run(db, CLAIM_RECEIPTS, [keys])).length === new Set(keys).size;
}

const RELEASE_RECEIPTS = {
  name: 'release-receipts',
  text: 'DELETE FROM global_state.command_receipts WHERE key = ANY ($1::text[])',
};

/** Gives claimed keys back, so that the append can store their receipts, or nobody does. */
export async function releaseReceipts(db: Queryable, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await run(db, RELEASE_RECEIPTS, [keys]);
}

const LOCK_HEAD = {
  name: 'lock-head',
  text: `SELECT position, ${NOT_FROZEN} FROM global_state.log_heads WHERE partition = $1 FOR UPDATE`,
};

/** Holds back every other append to the partition until this transaction ends. */
export async function lockHead(db: Queryable, partition: number): Promise<void> {
  await run(db, LOCK_HEAD, [partition]);
}

