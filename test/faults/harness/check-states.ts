import { foldAll, freeze } from '@app/event-store';
import type { Client } from 'pg';
import type { ClientLog } from './client-log.js';

const STATES = `SELECT aggregate_type, aggregate_id, partition, generation, version, deleted, data::text AS data,
    encode(checksum, 'hex') AS checksum, clocks::text AS clocks, encode(hash, 'hex') AS hash, hlc, position,
    last_modified
  FROM global_state.aggregate_states`;

interface StateRow {
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly data: string;
}

/** The stored states are, byte for byte, what the events fold to, and there are no others. */
export async function checkReplay(client: Client, log: ClientLog): Promise<void> {
  const { rows } = await client.query<StateRow>(STATES);
  const stored = new Map(rows.map((row) => [row.aggregate_id, row]));
  for await (const { state, last } of foldAll(client)) {
    const { data, checksum, clocks } = freeze(state);
    const replayed = {
      aggregate_type: state.ref.type, aggregate_id: state.ref.id, partition: last.partition,
      generation: state.generation, version: String(state.version), deleted: state.deleted,
      data, checksum, clocks, hash: state.hash, hlc: state.hlc.toString(),
      position: String(last.position), last_modified: last.committedAt,
    };
    const row = stored.get(state.ref.id);
    if (JSON.stringify(row) !== JSON.stringify(replayed)) {
      log.violate('state', `stored ${JSON.stringify(row)}, replayed ${JSON.stringify(replayed)}`);
    }
    stored.delete(state.ref.id);
  }
  for (const row of stored.values()) log.violate('state', `there is a state without events: ${JSON.stringify(row)}`);
}

/** Every counter holds the sum of the increments that were acknowledged, and no more. */
export async function checkCounters(client: Client, log: ClientLog): Promise<void> {
  const sums = new Map<string, Record<string, number>>();
  for (const { aggregate, adds } of log.acknowledged.values()) {
    if (!adds) continue;
    const counts = sums.get(aggregate.id) ?? {};
    counts[adds.counter] = (counts[adds.counter] ?? 0) + adds.by;
    sums.set(aggregate.id, counts);
  }
  const { rows } = await client.query<StateRow>(STATES);
  for (const [id, added] of sums) {
    const row = rows.find((state) => state.aggregate_id === id);
    const { counts = {} } = JSON.parse(row?.data ?? '{}') as { counts?: Record<string, number> };
    for (const counter of new Set([...Object.keys(added), ...Object.keys(counts)])) {
      if (added[counter] !== counts[counter]) {
        log.violate('counter', `${counter} of ${id}: ${added[counter]} were added, the state holds ${counts[counter]}`);
      }
    }
  }
}
