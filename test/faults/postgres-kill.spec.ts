import { FaultRun } from './harness/fault-run.js';
import { killAllPostgres, killBackend, killPostmaster } from './harness/kill.js';

/** For a long run: ROUNDS=20. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 8);
const KILLS = [killAllPostgres, killPostmaster, killBackend];

it('loses and doubles nothing, and comes back by itself, when PostgreSQL is killed under load', async () => {
  const run = await FaultRun.begin('PostgreSQL killed');
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      await run.round(() => KILLS[round % KILLS.length]!(run.service.dataDir));
      run.assertNothingWrong();
    }
    await run.checkAll();
    run.assertNothingWrong();
  } finally {
    await run.end();
  }
}, 300_000);
