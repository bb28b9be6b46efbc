import type { Client } from 'pg';
import type { ClientLog } from './client-log.js';

/** Receipts that name no event, or one that was not made under their key. */
const DANGLING = `SELECT receipt.key, receipt.refs::text AS refs FROM global_state.command_receipts AS receipt
  WHERE json_array_length(refs) = 0 OR EXISTS (
    SELECT FROM json_array_elements(refs) AS ref WHERE NOT EXISTS (
      SELECT FROM global_state.events WHERE aggregate_type = ref->>0 AND aggregate_id = (ref->>1)::uuid
        AND version = (ref->>2)::bigint AND command_key = receipt.key))`;

const COUNTS = `SELECT (SELECT count(*) FROM global_state.command_receipts) AS receipts,
  (SELECT count(*) FROM global_state.events WHERE command_key IS NOT NULL) AS events`;

/** Every receipt stands for its events, and every event under a key has its receipt. */
export async function checkReceipts(client: Client, log: ClientLog): Promise<void> {
  const { rows: dangling } = await client.query<{ key: string; refs: string }>(DANGLING);
  for (const { key, refs } of dangling) log.violate('receipt', `receipt ${key} names ${refs}`);
  const { rows: [counts] } = await client.query<{ receipts: string; events: string }>(COUNTS);
  const keyed = [...log.acknowledged.values()].filter((event) => event.keyed).length;
  if (Number(counts?.receipts) !== keyed || Number(counts?.events) !== keyed) {
    log.violate('receipt', `${keyed} events were acknowledged under a key; there are ${JSON.stringify(counts)}`);
  }
}
