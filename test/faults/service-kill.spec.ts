import { FaultRun } from './harness/fault-run.js';
import { killAllPostgres } from './harness/kill.js';

/** For a long run: ROUNDS=20. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 8);
/** In these rounds PostgreSQL goes with it, as in a power cut. */
const POWER_CUT_EVERY = 4;

it('loses and doubles nothing when the service is killed under load', async () => {
  const run = await FaultRun.begin('service killed');
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      await run.round(async () => {
        if (round % POWER_CUT_EVERY === 0) killAllPostgres(run.service.dataDir);
        await run.service.kill();
        await run.service.start();
      });
      run.assertNothingWrong();
    }
    await run.checkAll();
    run.assertNothingWrong();
  } finally {
    await run.end();
  }
}, 300_000);
