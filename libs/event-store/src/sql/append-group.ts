import { PARTITION } from '../writer/advance.js';
import type { ChainRecord } from './chain-record.js';
import { type Queryable, run } from './database.js';
import { encodeGroup } from './encode-group.js';

export type Fault = 'receipt' | 'event' | 'version';

/** The verdict on each chain of a group, in order. */
export type ChainVerdict =
  | { readonly accepted: true; readonly position: number; readonly committedAt: Date }
  | { readonly accepted: false; readonly faults: readonly Fault[] };

const PARAMETERS = Array.from({ length: 38 }, (_, i) => `$${i + 1}`).join(', ');
const APPEND = { name: 'append-group', text: `SELECT global_state.append_group(${PARAMETERS}) AS result` };

/**
 * Appends a group of chains in one statement, which is its own transaction. The locks and checks stand beside the function
 * in the migration.
 * @param resent the group may have been committed by an earlier try: every event id is then looked up
 */
export async function appendGroup(
  db: Queryable, chains: readonly ChainRecord[], origin: string, resent: boolean,
): Promise<ChainVerdict[]> {
  const [row] = await run<{ result: AppendResult }>(db, APPEND, [[PARTITION], origin, ...encodeGroup(chains, resent)]);
  return decode(chains, row!.result);
}

interface AppendResult {
  readonly faults: readonly { c: number; r: Fault }[];
  readonly heads: readonly { p: number; n: number; t: number }[];
}

/** Positions run on from the head through the accepted chains, in the order in which they were sent. */
function decode(chains: readonly ChainRecord[], result: AppendResult): ChainVerdict[] {
  const faults = new Map<number, Fault[]>();
  for (const { c, r } of result.faults) faults.set(c, [...(faults.get(c) ?? []), r]);
  const head = result.heads.find(({ p }) => p === PARTITION);
  if (!head) throw new Error(`log partition ${PARTITION} has no head`);
  let next = head.n + 1;
  return chains.map((chain, c) => {
    const chainFaults = faults.get(c);
    if (chainFaults) return { accepted: false, faults: chainFaults };
    const position = next;
    next += chain.events.length;
    return { accepted: true, position, committedAt: new Date(head.t) };
  });
}
