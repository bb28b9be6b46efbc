import { FaultRun } from './harness/fault-run.js';

const ROUNDS = 20;

it('loses and doubles nothing when the service is killed under load', async () => {
  const run = await FaultRun.begin('service killed');
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      await run.round(async () => {
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
