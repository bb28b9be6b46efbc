import { type AggregateRef, type AggregateSnapshot, fold, type StoredEvent } from '@app/kernel';
import type { PoolClient } from 'pg';
import { FOLD_GENERATION, freeze, unborn } from '../writer/advance.js';
import { type Queryable, run } from './database.js';
import { EVENT_COLUMNS, type EventRow, toStoredEvent } from './event-row.js';

/** Holds back every append until this transaction ends: all heads, ascending, as every writer takes them. */
const LOCK_HEADS = 'SELECT partition FROM global_state.log_heads ORDER BY partition FOR UPDATE';

const PAGE = {
  name: 'rebuild-page',
  text: `
    SELECT ${EVENT_COLUMNS} FROM global_state.events
    WHERE (aggregate_type, aggregate_id, version) > ($1, $2::uuid, $3)
    ORDER BY aggregate_type, aggregate_id, version LIMIT 5000`,
};

const INSERT = {
  name: 'rebuild-insert',
  text: `
    INSERT INTO global_state.aggregate_states (aggregate_type, aggregate_id, partition, generation, version, deleted,
      data, checksum, clocks, hash, hlc, fold_generation, position, last_modified)
    VALUES ($1, $2, $3, $4, $5, $6, $7, decode($8, 'hex'), $9, decode($10, 'hex'), $11, $12, $13, $14)`,
};

/**
 * Drops every row of `aggregate_states` and folds it again from the events; yields the same bytes. Appends wait meanwhile.
 * Run it inside a transaction.
 * @returns the number of aggregates
 */
export async function rebuildStates(client: PoolClient): Promise<number> {
  await client.query(LOCK_HEADS);
  await client.query('DELETE FROM global_state.aggregate_states');
  let aggregates = 0;
  for await (const { state, last } of foldAll(client)) {
    const { data, checksum, clocks } = freeze(state);
    await run(client, INSERT, [
      state.ref.type, state.ref.id, last.partition, state.generation, state.version, state.deleted, data, checksum, clocks,
      state.hash, state.hlc.toString(), FOLD_GENERATION, last.position, last.committedAt,
    ]);
    aggregates += 1;
  }
  return aggregates;
}

/** Folds the whole log, aggregate by aggregate, in pages: each aggregate's final state and last event. */
export async function* foldAll(db: Queryable): AsyncGenerator<{ state: AggregateSnapshot; last: StoredEvent }> {
  let current: { state: AggregateSnapshot; last: StoredEvent } | undefined;
  for await (const event of allEvents(db)) {
    if (current && !sameRef(current.state.ref, event.ref)) {
      yield current;
      current = undefined;
    }
    const before: AggregateSnapshot = current?.state ?? unborn(event.ref);
    const { hash, hlc, version } = event;
    current = { state: { ...before, ...fold(before, event.ops, version), hash, hlc, version }, last: event };
  }
  if (current) yield current;
}

async function* allEvents(db: Queryable): AsyncGenerator<StoredEvent> {
  let after: [string, string, number] = ['', '00000000-0000-0000-0000-000000000000', 0];
  for (;;) {
    const rows = await run<EventRow>(db, PAGE, after);
    yield* rows.map(toStoredEvent);
    const last = rows.at(-1);
    if (!last) return;
    after = [last.aggregate_type, last.aggregate_id, Number(last.version)];
  }
}

function sameRef(a: AggregateRef, b: AggregateRef): boolean {
  return a.type === b.type && a.id === b.id;
}
