import type { AggregateSnapshot } from '@app/kernel';
import { type EventRecord, FOLD_GENERATION, PARTITION } from '../writer/advance.js';
import { type Queryable, run } from './database.js';

/** Commands decided on one another; accepted whole or not at all. */
export interface ChainRecord {
  readonly states: readonly { base: number; after: AggregateSnapshot; frozen: FrozenState }[];
  readonly events: readonly EventRecord[];
  readonly receipts: readonly { key: string; fingerprint: string; refs: readonly (readonly [string, string, number])[] }[];
}
export interface FrozenState { readonly data: string; readonly checksum: string; readonly clocks: string }

export type Fault = 'receipt' | 'event' | 'version';

/** The verdict on each chain of a group, in order. */
export type ChainVerdict =
  | { readonly accepted: true; readonly position: number; readonly committedAt: Date }
  | { readonly accepted: false; readonly faults: readonly Fault[] };

const APPEND = { name: 'append-group', text: 'SELECT global_state.append_group($1, $2, $3, $4, $5) AS result' };

/**
 * Appends a group of chains in one statement, which is its own transaction. The locks and checks stand beside the function
 * in the migration.
 * @param resent the group may have been committed by an earlier try: every event id is then looked up
 */
export async function appendGroup(
  db: Queryable, chains: readonly ChainRecord[], origin: string, resent: boolean,
): Promise<ChainVerdict[]> {
  const [row] = await run<{ result: AppendResult }>(db, APPEND, [[PARTITION], ...encode(chains, resent), origin]);
  return decode(chains, row!.result);
}

interface AppendResult {
  readonly faults: readonly { c: number; r: Fault }[];
  readonly heads: readonly { p: number; n: number; t: number }[];
}

/**
 * The group as three JSON texts. Built by hand because the data of events and states is JSON text already and goes in as it
 * is. Array parameters with unnest were no faster: see docs/decisions/0004.
 */
function encode(chains: readonly ChainRecord[], resent: boolean): [string, string, string | null] {
  const states: string[] = [];
  const events: string[] = [];
  const receipts: string[] = [];
  chains.forEach((chain, c) => {
    for (const { base, after, frozen } of chain.states) states.push(encodeState(c, base, after, frozen));
    for (const event of chain.events) events.push(encodeEvent(c, events.length + 1, event, resent));
    for (const { key, fingerprint, refs } of chain.receipts) {
      receipts.push(JSON.stringify({ c, k: key, f: fingerprint, x: refs }));
    }
  });
  return [`[${states.join()}]`, `[${events.join()}]`, receipts.length > 0 ? `[${receipts.join()}]` : null];
}

function encodeState(c: number, base: number, after: AggregateSnapshot, frozen: FrozenState): string {
  return `{"c":${c},"p":${PARTITION},"t":${JSON.stringify(after.ref.type)},"i":"${after.ref.id}","b":${base},` +
    `"g":${after.generation},"v":${after.version},"x":${after.deleted},"d":${frozen.data},"s":"${frozen.checksum}",` +
    `"w":${frozen.clocks},"h":"${after.hash}","l":${after.hlc},"fg":${FOLD_GENERATION}}`;
}

function encodeEvent(c: number, n: number, event: EventRecord, resent: boolean): string {
  const { ref, draft, context, text } = event;
  const head = `{"n":${n},"c":${c},"p":${event.partition},"e":"${event.eventId}","t":${JSON.stringify(ref.type)},` +
    `"i":"${ref.id}","g":${event.generation},"v":${event.version},"y":${JSON.stringify(draft.type)},` +
    `"sv":${draft.schemaVersion},"d":${text.data},"o":${text.ops},"l":${event.hlc},"h":"${event.hash}",` +
    `"u":${resent || draft.eventId !== undefined},"ac":${JSON.stringify(context.actor)}`;
  const rest = optional('m', text.metadata) + optionalText('ck', event.commandKey) +
    optionalText('co', context.correlationId) + optionalText('ca', context.causationId) +
    optionalText('se', context.serverId) + optionalText('pl', context.playerId) + optionalText('ss', context.sessionId);
  return `${head}${rest}}`;
}

function optional(name: string, json: string | undefined): string {
  return json === undefined ? '' : `,"${name}":${json}`;
}

function optionalText(name: string, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`;
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
