import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import type { AggregateRef, Op } from '@app/kernel';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import { Client, Pool, type PoolClient } from 'pg';
import { lockHeads } from '../builds/sql/live-builds.js';
import { EventStore } from '../event-store.js';
import { claimReceipts, lockHead } from '../sql/claim-head.js';
import { isTransient, type Statement } from '../sql/database.js';
import { inTransaction } from '../sql/transaction.js';
import { PARTITION } from './advance.js';
import { AppendBatcher, BATCHER_DEFAULTS } from './append-batcher.js';
import type { Command } from './command.js';

const observer = { groupCommitted: () => undefined, verdict: () => undefined };

const increment = (ref: AggregateRef, more: Partial<Command> = {}): Command => ({
  aggregates: [ref], context: { actor: 'spec' },
  decide: ([state]) => {
    const op: Op = ['inc', '/n', 'sum', 1, Number(state!.data['n'] ?? 0) + 1];
    return [[{ type: 'Counted', schemaVersion: 1, data: {}, ops: [op] }]];
  },
  ...more,
});

/** As if others came first: that many appends come only after `first`. */
function overtaken(pool: Pool, times: number, first: () => Promise<unknown>): Pool {
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  let left = times;
  return Object.assign(pool, {
    query: async (statement: Statement, ...more: unknown[]) => {
      if (statement.name === 'append-group' && left-- > 0) await first();
      return query(statement, ...more);
    },
  });
}

/** Others come first this often; then the writer takes the lock and decides under it. */
const OVERTAKES = 3;

/** The COMMIT of that one takes longer than its client waits. */
const SLOW_COMMIT = `
  CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF NEW.position = ${OVERTAKES + 1} THEN PERFORM pg_sleep(1.5); END IF;
    RETURN NULL;
  END $$;
  CREATE CONSTRAINT TRIGGER slow_commit AFTER UPDATE ON global_state.log_heads
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow_commit()`;

describe('an append under the lock of the head', () => {
  let db: TestDatabase;
  let other: EventStore;
  let ref: AggregateRef;

  beforeEach(async () => {
    db = await createTestDatabase();
    other = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url }, observer);
    ref = { type: 'player', id: randomUUID() };
  });
  afterEach(async () => {
    await other.close();
    await db.drop();
  });

  it('is not said to have failed when it may have been committed by the try that was lost', async () => {
    await db.pool.query(SLOW_COMMIT.replace(`= ${OVERTAKES + 1}`, '= 1'));
    const pool = new Pool({ connectionString: db.url, query_timeout: 500 });
    pool.on('error', () => undefined);
    const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
    let tries = 0;
    // The second try meets an error that says nothing of the first.
    const refusing = Object.assign(pool, {
      query: (statement: Statement, ...more: unknown[]) =>
        statement.name === 'append-group' && ++tries === 2 ? query('SELECT 1 / 0') : query(statement, ...more),
    });
    const batcher = new AppendBatcher(refusing, { ...BATCHER_DEFAULTS, origin: 'spec' }, observer);
    try {
      await expect(batcher.execute(increment(ref))).rejects.toMatchObject({ error: 'SERVICE_UNAVAILABLE' });
      await eventually(async () => expect(await other.readState(ref)).toMatchObject({ version: 1 }));
    } finally {
      await pool.end();
    }
  });

  it('is applied once when its connection is given up while its COMMIT is under way', async () => {
    await db.pool.query(SLOW_COMMIT);
    const pool = new Pool({ connectionString: db.url, query_timeout: 500 });
    pool.on('error', () => undefined);
    let givenUp = 0;
    pool.on('remove', () => (givenUp += 1));
    const busy = overtaken(pool, OVERTAKES, () => other.execute(increment(ref)));
    const batcher = new AppendBatcher(busy, { ...BATCHER_DEFAULTS, origin: 'spec', patienceMs: 60_000 }, observer);
    try {
      const outcome = await batcher.execute(increment(ref));
      expect(givenUp).toBeGreaterThan(0);
      expect(outcome).toMatchObject({ duplicate: false, events: [{ version: OVERTAKES + 1 }] });
      expect(await other.readState(ref)).toMatchObject({ version: OVERTAKES + 1, data: `{"n":${OVERTAKES + 1}}` });
    } finally {
      await pool.end();
    }
  });

  it.each<[string, (client: PoolClient) => Promise<unknown>]>([
    ['the head', (client) => lockHead(client, PARTITION)],
    ['all heads', lockHeads],
    ['a key', (client) => claimReceipts(client, ['k'])],
  ])('does not wait long for one who holds %s and says nothing', async (_what, hold) => {
    const silent = inTransaction(db.pool, async (client) => {
      await hold(client);
      await other.execute(increment(ref, { receipt: { key: 'k', fingerprint: 'f' } }));
    });
    expect(await silent.catch(isTransient)).toBe(true);
    expect(await other.readState(ref)).toMatchObject({ version: 1 });
  });

  it('may be tried again by one who was frozen meanwhile', async () => {
    const socket = new Socket();
    const client = new Client({ connectionString: db.url, stream: () => socket });
    client.on('error', () => undefined);
    await client.connect();
    const { rows: [backend] } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await client.query('BEGIN');
    await lockHead(client, PARTITION);
    socket.pause(); // frozen, it neither speaks nor hears
    await eventually(async () => expect((await db.pool.query('SELECT FROM pg_stat_activity WHERE pid = $1', [backend!.pid])).rowCount).toBe(0));
    const committing: Promise<unknown> = client.query('COMMIT').catch((reason: unknown) => reason);
    socket.resume();
    const error = await committing;
    socket.destroy();
    expect(isTransient(error)).toBe(true); // over a socket of this machine its pipe is broken, over TCP it reads why
    expect(isTransient(Object.assign(new Error('idle-in-transaction timeout'), { code: '25P03' }))).toBe(true);
  });
});
