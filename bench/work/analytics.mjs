import { setTimeout as sleep } from 'node:timers/promises';
import { figure } from '../lib/report.mjs';
import { goal, measureInTurn } from '../lib/rounds.mjs';
import { tell } from '../lib/progress.mjs';

// No `order`: filling two logs takes minutes. It runs only when it is named.
export const title = 'Analytics over 1,000,000 events of 30 days';

const EVENTS = 1_000_000;
const EVENT_TYPES = 20;
/** Evenly spread, so that hardly two events share an hour and an aggregate: the most rows that so many events can make. */
const SHAPES = [{ aggregates: 10_000 }, { aggregates: EVENTS }];
const RANGES = ['1h', '24h', '7d', '30d'];
const GROUPINGS = ['hour', 'day', 'aggregate'];
const CALLS = 5;
const TYPES = ['player', 'guild', 'world', 'economy', 'combat'];

/** @param {import('../lib/bench.mjs').Bench} bench */
export async function run(bench) {
  const rows = [];
  const notes = [];
  for (const { aggregates } of SHAPES) {
    const { url } = await (await bench.postgres).database('analytics');
    const host = await bench.host('load/analytics.mjs', { url, types: TYPES });
    const of = `${aggregates.toLocaleString('en-US')} aggregates`;
    tell(`analytics: ${of}, filling the log`);
    await host.call('fill', { events: EVENTS, aggregates, eventTypes: EVENT_TYPES });
    const { seconds, cores } = await follow(host, of);
    notes.push(`${of}: the projection counted ${figure(EVENTS / seconds)} events/s (${figure(cores)} cores of its process) while nothing else was asked of it; `
      + `its tables then held ${figure(await host.call('megabytes'))} MB.`);
    const { rows: measured } = await measureInTurn({
      title: `analytics, ${of}`, rounds: bench.plan.rounds,
      rows: RANGES.flatMap((range) => [
        ...GROUPINGS.map((grouping) => ({ name: `${of}: state changes, ${range} by ${grouping}`, run: () => host.call('state', { range, grouping, calls: CALLS }) })),
        { name: `${of}: events, ${range}`, run: () => host.call('events', { range, calls: CALLS }) },
      ]),
    });
    rows.push(...measured);
    await host.close();
  }
  const failed = rows.find(({ failure }) => failure !== undefined);
  const slowest = Math.max(...rows.map(({ p99 }) => p99 ?? 0));
  return {
    rows, notes,
    goals: [goal('slowest answer < 200 ms', failed ? { why: failed.failure } : { figure: slowest }, { below: 200, unit: ' ms' })],
  };
}

async function follow(host, of) {
  const begun = performance.now();
  await host.call('start');
  for (;;) {
    const { position, cores } = await host.call('progress');
    tell(`analytics: ${of}, counted ${position} of ${EVENTS}`);
    if (position >= EVENTS) return { seconds: (performance.now() - begun) / 1000, cores };
    await sleep(100);
  }
}
