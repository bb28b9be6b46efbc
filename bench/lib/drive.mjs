import { performance } from 'node:perf_hooks';
import { spread } from './stats.mjs';

/** With fewer answers than this for each one in flight, where the time ends decides too much. */
const FEW = 10;

/**
 * Runs `one(worker)` again and again, `inFlight` at a time, for so many seconds (closed loop).
 *
 * @param {{ inFlight: number, seconds: number, one: (worker: number) => Promise<unknown>, weight?: number }} work
 *   `weight`: how many units one call does (50 for a batch of 50)
 * @returns rate (units per second: of what ended within the time, or where that is little, of everything by the time it took), p50 and p99 of a call in ms, and `cores`: how much of a core this
 *   process used
 */
export async function drive({ inFlight, seconds, one, weight = 1 }) {
  const took = [];
  let inTime = 0;
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const end = begun + seconds * 1000;
  await Promise.all(Array.from({ length: inFlight }, async (_, worker) => {
    for (let sent = performance.now(); sent < end;) {
      await one(worker);
      const now = performance.now();
      took.push(now - sent);
      if (now <= end) inTime += 1;
      sent = now;
    }
  }));
  const { user, system } = process.cpuUsage(cpu);
  const passed = (performance.now() - begun) / 1000;
  const perSecond = inTime >= FEW * inFlight ? inTime / seconds : took.length / passed;
  return { rate: perSecond * weight, ...spread(took), cores: (user + system) / 1e6 / passed };
}
