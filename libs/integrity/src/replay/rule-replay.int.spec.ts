import { randomUUID } from 'node:crypto';
import { EventStore } from '@app/event-store';
import { type AggregateRef, type JsonObject, type Op, type RuleOfType, RuleSet } from '@app/kernel';
import type { OperationContext } from '@app/operations';
import { createTestDatabase, type TestDatabase } from '@app/testing';
import { RuleReplay } from './rule-replay.js';

/** More than two pages of a walk; one aggregate alone is longer than a page. */
const SIZES = [2_300, ...Array.from({ length: 60 }, (_, i) => 10 + (i * 13) % 50)];

const head = { id: 'candidate', aggregateType: 'player', about: 'Tried', mode: 'flag' } as const;
const RATE: RuleOfType = { ...head, kind: 'rate', path: 'gold', max: 40, windowSeconds: 3600 };
const SUMS: RuleOfType = { ...head, kind: 'conserve', terms: [{ aggregateType: 'player', path: 'gold', counts: 'for' }] };

describe('a replay through a rule', () => {
  let db: TestDatabase;
  let events: EventStore;
  let replay: RuleReplay;

  beforeAll(async () => {
    db = await createTestDatabase();
    events = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url }, { groupCommitted: () => undefined, verdict: () => undefined });
    replay = new RuleReplay(db.pool, events, new RuleSet([]));
    const refs = SIZES.map((): AggregateRef => ({ type: 'player', id: randomUUID() }));
    await Promise.all(refs.flatMap((ref, i) => Array.from({ length: SIZES[i]! }, () => append([ref]))));
    for (let i = 0; i < 300; i += 1) await append([refs[1 + i % 30]!, refs[31 + i % 30]!], i % 7 === 0 ? 2 : 1);
  });
  afterAll(async () => {
    await events.close();
    await db.drop();
  });

  const append = async (refs: AggregateRef[], taken = 1): Promise<void> => {
    const ops = (amount: number): Op[] => [['inc', '/gold', 'sum', amount, 0]];
    await events.execute({
      aggregates: refs, context: { actor: 'spec', correlationId: randomUUID() },
      decide: (states) => states.map((_, i) => [{ type: 'X', schemaVersion: 1, data: {}, ops: ops(refs.length > 1 && i === 0 ? -1 : taken) }]),
    });
  };

  /** Runs it until so many pages are kept, then goes on from what was kept as another run would. */
  const run = async (parameters: JsonObject, pages = Infinity): Promise<{ result: JsonObject; saves: number }> => {
    let saved: JsonObject | undefined;
    let saves = 0;
    const context = (limit: number): OperationContext => {
      const stop = new AbortController();
      return {
        id: randomUUID(), parameters, createdBy: 'spec', saved, signal: stop.signal, progress: () => undefined,
        save: async (state) => {
          saved = JSON.parse(JSON.stringify(state)) as JsonObject;
          saves += 1;
          if (saves >= limit) stop.abort(new Error('cut'));
        },
      };
    };
    const first = await replay.run(context(pages)).catch((error: Error) => (error.message === 'cut' ? undefined : Promise.reject(error)));
    return { result: first ?? await replay.run(context(Infinity)), saves };
  };

  it.each([['paths', RATE], ['sums', SUMS]])('goes on from any page that was kept, and comes to the same: a rule on %s', async (_what, rule) => {
    const parameters = await replay.prepare({ rule: rule as unknown as JsonObject, dryRun: true });
    const whole = await run(parameters);
    const total = SIZES.reduce((sum, size) => sum + size, 0) + 600;
    const wrong = rule === SUMS ? 43 : SIZES.reduce((sum, size) => sum + Math.max(0, size - 40), 0);
    expect(whole.result['events']).toBe(total);
    if (rule === SUMS) expect(whole.result['violations']).toBe(wrong);
    else expect(whole.result['violations']).toBeGreaterThanOrEqual(wrong);
    expect(whole.saves).toBeGreaterThan(1);
    for (let pages = 1; pages < whole.saves; pages += 1) expect((await run(parameters, pages)).result).toEqual(whole.result);
  });
});
