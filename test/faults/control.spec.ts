import type { Client } from 'pg';
import { withDatabase } from './harness/database.js';
import { FaultRun } from './harness/fault-run.js';
import { killAllPostgres } from './harness/kill.js';

const ROUNDS = 5;

// A commit is then answered before it is written, and nothing but the killed processes' memory holds it.
const UNSAFE = [
  'ALTER SYSTEM SET synchronous_commit = off',
  "ALTER SYSTEM SET wal_writer_delay = '10s'",
  "ALTER SYSTEM SET wal_writer_flush_after = '1GB'",
  'SELECT pg_reload_conf()',
];

const NEWEST = '(SELECT max(position) FROM global_state.events)';
const COPY = `INSERT INTO global_state.events SELECT (jsonb_populate_record(event, jsonb_build_object(
    'position', position + 1, 'origin_sequence', origin_sequence + 1, 'version', version + 1,
    'event_id', gen_random_uuid()))).*
  FROM global_state.events AS event WHERE position = ${NEWEST}`;
const A_STATE = `aggregate_id = (SELECT aggregate_id FROM global_state.aggregate_states
  WHERE data->'counts' IS NOT NULL ORDER BY aggregate_id LIMIT 1)`;
const A_RECEIPT = 'key = (SELECT min(key) FROM global_state.command_receipts)';

const PLANTED: [what: string, sql: string, kinds: string[]][] = [
  ['nothing', 'SELECT 1', []],
  ['a lost event', `DELETE FROM global_state.events WHERE position = ${NEWEST}`, ['lost', 'order', 'state']],
  ['an event that says something else',
    `UPDATE global_state.events SET data = '{}' WHERE position = 7`, ['lost', 'hash']],
  ['an event done twice', COPY, ['phantom', 'order', 'state']],
  ['a gap in the positions',
    `UPDATE global_state.events SET position = position + 1 WHERE position = ${NEWEST}`, ['order']],
  ['a head that is ahead', 'UPDATE global_state.log_heads SET position = position + 1', ['order']],
  ['time that runs backwards',
    `UPDATE global_state.events SET committed_at = committed_at - interval '1 hour' WHERE position = 20`, ['order']],
  ['a gap in the versions',
    `UPDATE global_state.events SET version = version + 1 WHERE position = ${NEWEST}`, ['order', 'lost']],
  ['another actor', `UPDATE global_state.events SET actor = 'other' WHERE position = 9`, ['hash']],
  ['a clock that stands',
    `UPDATE global_state.events SET hlc = 1
      WHERE position = (SELECT max(position) FROM global_state.events WHERE version > 1)`, ['order', 'hash']],
  ['a state that is off',
    `UPDATE global_state.aggregate_states SET deleted = NOT deleted WHERE ${A_STATE}`, ['state']],
  ['an increment too many',
    `UPDATE global_state.aggregate_states SET data = jsonb_set(data::jsonb, '{counts,patched}', '1000000')::json
      WHERE ${A_STATE}`, ['state', 'counter']],
  ['a lost state', `DELETE FROM global_state.aggregate_states WHERE ${A_STATE}`, ['state', 'counter']],
  ['a lost receipt', `DELETE FROM global_state.command_receipts WHERE ${A_RECEIPT}`, ['receipt']],
  ['a receipt of nothing', `UPDATE global_state.command_receipts SET refs = '[]' WHERE ${A_RECEIPT}`, ['receipt']],
];

describe('what was not durable', () => {
  it('is found to be lost when PostgreSQL is killed', async () => {
    const run = await FaultRun.begin('control, commits not durable');
    try {
      await withDatabase(run.service.dataDir, async (client) => {
        for (const statement of UNSAFE) await client.query(statement);
      });
      const lost = (): boolean => run.violations.some(({ kind }) => kind === 'lost');
      for (let round = 1; round <= ROUNDS && !lost(); round += 1) {
        await run.round(() => killAllPostgres(run.service.dataDir));
      }
      expect(lost()).toBe(true);
    } finally {
      await run.end();
    }
  });
});

describe('what is planted', () => {
  let run: FaultRun;

  beforeAll(async () => {
    run = await FaultRun.begin('control, planted');
    await run.round(() => undefined);
  });

  afterAll(() => run?.end());

  it.each(PLANTED)('is found: %s', async (_what, sql, kinds) => {
    await withDatabase(run.service.dataDir, (client) => checkWith(client, sql));
    expect([...run.takeKinds()]).toEqual(kinds.length > 0 ? expect.arrayContaining(kinds) : []);
  });

  /** As a replica applies it, without triggers; taken back afterwards by the end of the connection. */
  async function checkWith(client: Client, sql: string): Promise<void> {
    await client.query('BEGIN; SET LOCAL session_replication_role = replica');
    await client.query(sql);
    await run.checkIn(client);
  }
});
