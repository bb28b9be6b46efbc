import { HistoryRun } from './harness/history-run.js';

/** For a long run: ROUNDS=20. `FAULTS_SEED` brings the choices of a run back. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 2);
const TIMEOUT_MS = 120_000 + ROUNDS * 300_000;

async function rounds(work: (run: HistoryRun) => Promise<void>): Promise<HistoryRun> {
  const run = await HistoryRun.begin();
  try {
    for (let round = 1; round <= ROUNDS; round += 1) await run.round(() => work(run));
    return run;
  } finally {
    await run.end();
  }
}

it('takes an exploit back once, and nothing else, however often it is cut short', async () => {
  const { figures } = await rounds((run) => run.rollback());
  expect(figures.rolledBack).toBe(ROUNDS);
}, TIMEOUT_MS);

it('builds the states again to its end, while all write, however often it is cut short', async () => {
  const { figures } = await rounds((run) => run.rebuild());
  expect(figures.rebuilt).toBe(ROUNDS);
}, TIMEOUT_MS);
