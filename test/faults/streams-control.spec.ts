import { eventually } from '@app/testing';
import { StreamRun } from './harness/stream-run.js';

/** What is wrong shows by then. */
const ENOUGH_TOLD = 4_000;

async function violationsWith(planted: string, isCalm = false): Promise<readonly string[]> {
  // Those who are calm stay where chance puts them, which may be one instance for all whom a change can be kept from.
  const run = await StreamRun.begin(`control of the streams, ${planted}`, {
    instances: 2, subscribers: 24, planted: isCalm ? [planted, planted] : { 1: planted }, isCalm,
  });
  try {
    await run.during(() => eventually(() => expect(run.told).toBeGreaterThan(ENOUGH_TOLD)));
    return run.violations;
  } finally {
    await run.end();
  }
}

it('finds one change of an instance that was not told on one channel', async () => {
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
