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

it('finds the loss when PostgreSQL acknowledges what is not durable', async () => {
  const run = await FaultRun.begin('control, not durable');
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
}, 120_000);
