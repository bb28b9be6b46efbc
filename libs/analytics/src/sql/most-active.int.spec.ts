import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@app/testing';
import fc from 'fast-check';
import type { PoolClient } from 'pg';
import { HOURS_A_DAY, KEPT_DAYS } from '../projection/hours.js';
import type { AggregateCount } from '../projection/tally.js';
import { addTally } from './add-tally.js';
import { purgeFigures } from './drop-figures.js';
import { type Effort, readMostActive } from './most-active.js';
import { type ActiveAggregate, readHours, type Scope } from './read-figures.js';
import { searchFromTop } from './search-from-top.js';

const NOW = 494_098; // an hour in the middle of a day
const FIRST = NOW - KEPT_DAYS * HOURS_A_DAY;
const TYPES = ['player', 'guild', 'world'];
const IDS = Array.from({ length: 80 }, () => randomUUID()).sort();
const BUILDS = [3, 4];
const BUILD = BUILDS[0]!;
/** By counting, by the search however far it goes, and by a search that gives up. */
const EFFORTS: Effort[] = [{ counted: Infinity, searched: 0 }, { counted: 0, searched: Infinity }, { counted: 0, searched: 3 }];

interface Made {
  readonly build: number;
  readonly age: number;
  readonly type: string;
  readonly id: number;
  readonly changes: number;
}

/** Most changed once, so that there are ties; some are older than what is kept, some by a clock that is ahead. */
const made = fc.record<Made>({
  build: fc.constantFrom(...BUILDS), age: fc.oneof(fc.integer({ min: -30, max: 30 }), fc.nat(200), fc.nat(900)),
  type: fc.constantFrom(...TYPES), id: fc.nat(IDS.length - 1), changes: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 4 })),
});
const ages = fc.oneof(fc.constantFrom(1, 24, 168, 720), fc.nat(740));

describe('the most active aggregate', () => {
  let db: TestDatabase;
  let client: PoolClient;
  beforeEach(async () => {
    db = await createTestDatabase();
    client = await db.pool.connect();
    await client.query('CREATE TABLE made (build integer, hour integer, type text COLLATE "C", id uuid, changes integer)');
  });
  afterEach(async () => {
    client.release();
    await db.drop();
  });

  /** Counts a batch, and keeps it beside for the naive question. */
  const add = async (batch: readonly Made[]): Promise<void> => {
    for (const build of BUILDS) {
      const counts = new Map<string, AggregateCount>();
      for (const { age, type, id, changes } of batch.filter((each) => each.build === build)) {
        const key = `${age} ${type} ${id}`;
        const count = counts.get(key) ?? { hour: NOW - age, aggregateType: type, aggregateId: IDS[id]!, changes: 0, versions: 1n };
        count.changes += changes;
        counts.set(key, count);
      }
      await addTally(client, build, { aggregates: [...counts.values()], eventTypes: [], latencies: [] });
      await client.query('INSERT INTO made SELECT $1, r.* FROM json_to_recordset($2) AS r(hour integer, "aggregateType" text, "aggregateId" uuid, changes integer)',
        [build, JSON.stringify([...counts.values()].map((count) => ({ ...count, versions: 0 })))]);
    }
  };

  const naive = async ({ build, fromHour, aggregateTypes }: Scope): Promise<ActiveAggregate | undefined> =>
    (await client.query<ActiveAggregate>(`
      SELECT type AS "aggregateType", id AS "aggregateId", sum(changes)::int AS "changeCount" FROM made
      WHERE build = $1 AND hour >= $2 AND type = ANY ($3) GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 1`,
    [build, fromHour, aggregateTypes])).rows[0];

  it('is the one that counting everything finds, whichever way it is found', async () => {
    const types = fc.subarray(TYPES, { minLength: 1 });
    const batched = fc.array(fc.array(made, { maxLength: 200, size: 'max' }), { maxLength: 3 });
    const questions = fc.array(fc.tuple(ages, types), { minLength: 3, maxLength: 6 });
    await fc.assert(fc.asyncProperty(batched, questions, async (batches, asked) => {
      await client.query(`TRUNCATE made, global_state.analytics_hours, global_state.analytics_hour_aggregates,
        global_state.analytics_day_aggregates, global_state.analytics_aggregates`);
      for (const batch of batches) {
        await add(batch);
        while (!await purgeFigures(client, BUILD, FIRST));
      }
      for (const [age, aggregateTypes] of asked) for (const build of BUILDS) {
        const scope = { build, fromHour: NOW - age, aggregateTypes };
        const hours = await readHours(client, scope);
        const expected = await naive(scope);
        for (const effort of EFFORTS) for (const mostOfAll of [true, false]) {
          expect(await readMostActive(client, scope, hours, mostOfAll, effort)).toEqual(expected);
        }
        expect(await searchFromTop(client, scope, hours, Infinity)).toEqual({ top: expected });
      }
    }), { numRuns: 25 });
  });

  const search = async (age: number, atMost: number) => {
    const scope = { build: BUILD, fromHour: NOW - age, aggregateTypes: TYPES };
    return searchFromTop(client, scope, await readHours(client, scope), atMost);
  };
  const one = { build: BUILD, type: 'player', age: 0, changes: 1 } as const;

  it('is known at once where many are equal', async () => {
    await add(IDS.map((_, id) => ({ ...one, id })));
    expect(await search(24, 2)).toEqual({ top: { aggregateType: 'player', aggregateId: IDS[0], changeCount: 1 } });
  });

  it('gives up where the first of all did little in the range, and is found by counting', async () => {
    await add([{ ...one, id: 0 }, { ...one, id: 0, age: 300, changes: 6 }, { ...one, id: 1, changes: 3 }, { ...one, id: 2, changes: 2 }]);
    expect(await search(24, 1)).toBeUndefined();
    expect(await search(24, 3)).toEqual({ top: { aggregateType: 'player', aggregateId: IDS[1], changeCount: 3 } });
  });

  it('goes on past a page', async () => {
    await add(IDS.map((_, id) => ({ ...one, id, age: id === 40 ? 1 : 300 })));
    expect(await search(24, 100)).toEqual({ top: { aggregateType: 'player', aggregateId: IDS[40], changeCount: 1 } });
  });
});
