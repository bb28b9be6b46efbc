import { commitToReceipt } from '../live/commit.mjs';
import { fanOut } from '../live/fan-out.mjs';
import { memoryOf } from '../live/memory.mjs';
import { openStage } from '../live/stage.mjs';
import { stoppedReaders } from '../live/stopped.mjs';

export const title = 'Live channels: 10,000 sessions over WebSocket, beside a bare ws server';
export const order = 7;

/** @param {import('../lib/bench.mjs').Bench} bench */
export async function run(bench) {
  const { live } = bench.plan;
  const grown = [];
  let stage;
  for (let i = 0; i < live.stages; i += 1) {
    await stage?.close();
    stage = await openStage(bench);
    grown.push(stage);
  }
  const parts = [memoryOf(grown)];
  // In this order: the sessions are subscribed to more as it goes on, and some leave at last.
  for (const part of [commitToReceipt, fanOut, stoppedReaders]) parts.push(await part(stage, live));
  const [rows, goals, notes] = ['rows', 'goals', 'notes'].map((key) => parts.flatMap((part) => part[key]));
  return { rows, goals, notes: [...notes, ...refusals(rows)] };
}

/** A service that a broadcast keeps busy for too long refuses writes for a moment. */
function refusals(rows) {
  const refused = rows.flatMap(({ runs }) => runs ?? []).reduce((sum, run) => sum + (run.refused ?? 0), 0);
  return refused > 0 ? [`${refused} writes were refused with 503 (overload), and sent again 200 ms later.`] : [];
}
