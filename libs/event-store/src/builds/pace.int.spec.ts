import { randomInt, randomUUID } from 'node:crypto';
import type { AggregateRef } from '@app/kernel';
import { createTestDatabase, type TestDatabase } from '@app/testing';
import { EventStore } from '../event-store.js';
import { StateBuilds } from './state-builds.js';

/** The figures of docs/decisions/0019 are those with `GSS_REBUILD_EVENTS=200000`. */
const EVENTS = Number(process.env['GSS_REBUILD_EVENTS'] ?? 2_000);
const AGGREGATES = EVENTS / 20;

describe('a rebuild and a revert', () => {
  let db: TestDatabase;
  let store: EventStore;

  beforeAll(async () => {
    db = await createTestDatabase();
    store = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url }, { groupCommitted: () => undefined, verdict: () => undefined });
  });
  afterAll(async () => {
    await store.close();
    await db.drop();
  });

  const refs = Array.from({ length: AGGREGATES }, (): AggregateRef => ({ type: 'player', id: randomUUID() }));
  const profile = 'x'.repeat(400);
  const write = (ref: AggregateRef) => store.execute({
    aggregates: [ref],
    context: { actor: 'spec' },
    decide: ([state]) => [[{
      type: 'Changed', schemaVersion: 1, data: { n: 1 },
      ops: state!.version === 0 ? [['set', '/profile', 'lww', profile]] : [['inc', '/n', 'sum', 1, Number(state!.data['n'] ?? 0) + 1]],
    }]],
  });
  const figures = (what: string, events: number, ms: number, swapMs: number): void => void process.stdout.write(
    `${what}: ${events} events in ${Math.round(ms)} ms, ${Math.round(events / ms * 1000)} a second, appends held back ${swapMs.toFixed(1)} ms\n`);

  it('take in every event while writers go on', async () => {
    for (let round = 0; round < 20; round += 1) {
      for (let from = 0; from < refs.length; from += 2_000) await Promise.all(refs.slice(from, from + 2_000).map(write));
    }
    const builds = new StateBuilds(db.pool);
    const timed = async <T extends { readonly events: number; readonly swapMs?: number }>(what: string, work: () => Promise<T>): Promise<T> => {
      const begun = performance.now();
      const result = await work();
      figures(what, result.events, performance.now() - begun, result.swapMs!);
      return result;
    };
    const quiet = await timed('rebuild, nobody writes', async () => builds.rebuild(await builds.open()));
    expect(quiet).toMatchObject({ aggregates: AGGREGATES, events: EVENTS, differences: 0 });

    let isOver = false;
    let slowestMs = 0;
    let written = 0;
    const writers = Array.from({ length: 16 }, async () => {
      for (; !isOver; written += 1) {
        const begun = performance.now();
        await write(refs[randomInt(refs.length)]!);
        slowestMs = Math.max(slowestMs, performance.now() - begun);
      }
    });
    const busy = await timed('rebuild under 16 writers', async () => builds.rebuild(await builds.open()));
    await timed('revert under 16 writers', () => builds.revert(undefined));
    isOver = true;
    await Promise.all(writers);
    process.stdout.write(`${written} writes meanwhile, the slowest took ${Math.round(slowestMs)} ms\n`);
    expect(busy.differences).toBe(0);
    const after = await builds.rebuild(await builds.open());
    expect(after).toMatchObject({ aggregates: AGGREGATES, events: EVENTS + written, differences: 0 });
  }, 600_000);
});
