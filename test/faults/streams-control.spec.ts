import { setTimeout as sleep } from 'node:timers/promises';
import { StreamRun } from './harness/stream-run.js';

async function violationsWith(planted: string, isCalm = false): Promise<readonly string[]> {
  const run = await StreamRun.begin(`control of the streams, ${planted}`, { instances: 2, subscribers: 24, planted: { 1: planted }, isCalm });
  try {
    await run.during(() => sleep(6_000));
    return run.violations;
  } finally {
    await run.end();
  }
}

it('finds one change that was not told on one channel', async () => {
  // Who is cut before the next change of its channel comes resumes before the one that was forgotten, and loses nothing.
  const found = await violationsWith('forgets-one-change.mjs?nth=30', true);
  expect(found.length).toBeGreaterThan(0);
  // Only those on that channel who were connected there can have missed it.
  for (const violation of found) expect(violation).toMatch(/^\w+\/\* by .*(change \d+ of \d+: told|ended at)/);
});

it('finds changes that are missing in what was missed', async () => {
  expect(await violationsWith('forgets-the-past.mjs')).toContainEqual(expect.stringMatching(/change \d+ of \d+: told/));
});

it('finds a cursor that lies beyond what was told', async () => {
  expect(await violationsWith('runs-ahead.mjs')).not.toEqual([]);
});
