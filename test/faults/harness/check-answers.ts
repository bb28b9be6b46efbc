import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Aggregate } from './client-log.js';
import type { TimedLog } from './timed-log.js';
import type { Address, Heard, Transport } from './transport.js';

const STATES = `SELECT aggregate_type AS type, aggregate_id AS id, version, deleted, data::text AS data,
    encode(checksum, 'hex') AS checksum, last_modified
  FROM global_state.aggregate_states`;
const AT_ONCE = 16;

interface StateRow {
  readonly type: string;
  readonly id: string;
  readonly version: string;
  readonly deleted: boolean;
  readonly data: string;
  readonly checksum: string;
  readonly last_modified: Date;
}

/** In this order: what is read through is put into memory, and what was wrong there is right then. */
const WAYS: readonly [name: string, headers: Record<string, string>][] = [
  ['from its caches', {}], ['read through', { 'cache-control': 'no-cache' }],
];

interface Ask {
  readonly to: Address;
  readonly aggregate: Aggregate;
  readonly headers: Record<string, string>;
  readonly how: string;
}

/**
 * Every instance answers for every aggregate what the database holds, byte for byte, from its caches and read through.
 * Nobody may be writing. @returns how many answers were compared
 */
export async function checkAnswers(
  client: Client, load: { log: TimedLog; transport: Transport; aggregates: readonly Aggregate[] },
  instances: Readonly<Record<string, Address>>,
): Promise<number> {
  const { log, transport, aggregates } = load;
  const { rows } = await client.query<StateRow>(STATES);
  const truth = new Map(rows.map((row) => [row.id, row]));
  const asksOf = ([name, headers]: (typeof WAYS)[number]): Ask[] => Object.entries(instances).flatMap(([instance, to]) =>
    aggregates.map((aggregate) => ({ to, aggregate, headers, how: `${instance}, ${name}` })));
  const ask = async ({ to, aggregate, headers, how }: Ask): Promise<void> => {
    const path = `/api/v1/state/${aggregate.type}/${aggregate.id}`;
    let heard = await transport.send(to, { method: 'GET', path, headers });
    while (heard?.status === 503) { // an instance that is held up refuses now and then
      await sleep(100);
      heard = await transport.send(to, { method: 'GET', path, headers });
    }
    const [said, due] = [heard ? summary(heard) : 'nothing', expected(truth.get(aggregate.id))];
    if (said !== due) log.violate('stale', `${how}: ${path} -> ${said}, due ${due}`);
  };
  let count = 0;
  for (const way of WAYS) {
    const asks = asksOf(way);
    count += asks.length;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let next = asks.pop(); next; next = asks.pop()) await ask(next);
    }));
  }
  return count;
}

function expected(row: StateRow | undefined): string {
  if (!row) return '404 at version 0';
  const { type, id, version, deleted, data, checksum, last_modified: lastModified } = row;
  return deleted
    ? `404 at version ${version}`
    : `200 "v${version}" {"aggregateType":"${type}","aggregateId":"${id}","version":${version},"data":${data},` +
      `"lastModified":"${lastModified.toISOString()}","checksum":"${checksum}"}`;
}

function summary({ status, headers, text }: Heard): string {
  if (status !== 404) return `${status} ${String(headers.etag)} ${text}`;
  const { details } = JSON.parse(text) as { details?: { deletedAtVersion?: number } };
  return `404 at version ${details?.deletedAtVersion ?? 0}`;
}
