import { HistoryRun } from './harness/history-run.js';

/** For a long run: ROUNDS=20. `FAULTS_SEED` brings the choices of a run back. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 2);
/** A round that came to its end before the kill is done again, so often at most. */
const TRIES = 10;
const TIMEOUT_MS = 120_000 + ROUNDS * 300_000;

/** @param work tells whether it was cut short in the middle */
async function rounds(work: (run: HistoryRun) => Promise<boolean>): Promise<HistoryRun> {
  const run = await HistoryRun.begin();
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      let isHit = false;
      for (let tries = 1; !isHit && tries <= TRIES; tries += 1) isHit = await run.round(() => work(run));
      expect(isHit).toBe(true);
    }
    return run;
  } finally {
    await run.end();
  }
}

it('takes an exploit back once, and nothing else, however often it is cut short', async () => {
  const { figures } = await rounds((run) => run.rollback());
  expect(figures.cutInTheMiddle).toBeGreaterThanOrEqual(ROUNDS);
}, TIMEOUT_MS);

it('builds the states again to its end, while all write, however often it is cut short', async () => {
  const { figures } = await rounds((run) => run.rebuild());
  expect(figures.takenUp).toBeGreaterThanOrEqual(ROUNDS);
}, TIMEOUT_MS);
