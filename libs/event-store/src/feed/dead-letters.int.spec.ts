import { randomUUID } from 'node:crypto';
import type { Op } from '@app/kernel';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import type { PoolClient } from 'pg';
import { EventStore } from '../event-store.js';
import { inTransaction } from '../sql/transaction.js';
import type { DeadLetter } from '../sql/dead-letters.js';
import type { ConsumeBatch } from './feed.js';
import { Projections } from './projections.js';

describe('dead letters', () => {
  let db: TestDatabase;
  let store: EventStore;
  let projections: Projections;
  let lines: string[];
  /** Event types that cannot be handled. */
  let broken: Set<string>;
  let fails: (client: PoolClient) => Promise<void>;
  const [poisoned, other, third] = [randomUUID(), randomUUID(), randomUUID()];

  beforeEach(async () => {
    db = await createTestDatabase();
    store = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url }, { groupCommitted: () => undefined, verdict: () => undefined });
    lines = [];
    broken = new Set();
    fails = () => Promise.reject(new Error('cannot count this'));
    projections = new Projections(db.pool, store.feed, store.deadLetters, { log: (line, level) => lines.push(`${level} ${line}`), retryMs: 10 });
    await db.pool.query('CREATE TABLE handled (n bigserial, id uuid, version bigint, event_type text)');
  });
  afterEach(async () => {
    await projections.stop();
    await store.close();
    await db.drop();
  });

  /** Writes first and fails then: what it wrote must be gone. */
  const handle: ConsumeBatch = async (client, events) => {
    for (const { ref, version, type } of events) {
      await client.query('INSERT INTO handled (id, version, event_type) VALUES ($1, $2, $3)', [ref.id, version, type]);
      if (broken.has(type)) await fails(client);
    }
  };
  const append = async (id: string, ...types: string[]): Promise<void> => {
    const op: Op = ['set', '/a', 'lww', 1];
    for (const type of types) {
      await store.execute({
        aggregates: [{ type: 'world', id }], context: { actor: 'spec' }, decide: () => [[{ type, schemaVersion: 1, data: {}, ops: [op] }]],
      });
    }
  };
  const handled = async (id: string): Promise<number[]> =>
    (await db.pool.query<{ version: string }>('SELECT version FROM handled WHERE id = $1 ORDER BY n', [id])).rows.map(({ version }) => Number(version));
  const letters = (): Promise<DeadLetter[]> => store.deadLetters.list({ limit: 10 });
  const at = (position: number) => eventually(async () => expect((await projections.status())[0]).toMatchObject({ position, head: position }));
  const parkOne = async (): Promise<DeadLetter> => {
    broken.add('Poison');
    await append(poisoned, 'Fine', 'Poison', 'Fine');
    await append(other, 'Fine', 'Fine');
    projections.start('spec', handle);
    await at(5);
    return (await letters())[0]!;
  };

  it('park the aggregate of an event that cannot be handled, and all others go on', async () => {
    const letter = await parkOne();
    expect(letter).toMatchObject({
      consumer: 'spec', ref: { type: 'world', id: poisoned }, position: 2, error: 'cannot count this', attempts: 2, withheld: 2, status: 'parked',
      eventId: (await store.readStream({ type: 'world', id: poisoned }, { from: 2, to: 2, limit: 1 }))[0]!.eventId,
    });
    await append(poisoned, 'Fine');
    await append(third, 'Fine');
    await at(7);
    expect([await handled(poisoned), await handled(other), await handled(third)]).toEqual([[1], [1, 2], [1]]);
    expect(await letters()).toMatchObject([{ withheld: 3 }]);
    expect((await projections.status())[0]).toMatchObject({ parked: 1 });
    expect((await projections.status())[0]!.stall).toBeUndefined();
    expect(lines).toContain(`error the projection spec goes on without world/${poisoned} from position 2: cannot count this`);
  });

  it('are retried in order up to where the consumer stands, and given to it from then on', async () => {
    const { id } = await parkOne();
    expect(await store.deadLetters.retry(id, 'ann')).toMatchObject({ status: 'parked', attempts: 3, error: 'cannot count this' });
    expect(await handled(poisoned)).toEqual([1]);
    broken.clear();
    const writing = append(poisoned, 'Fine', 'Fine', 'Fine');
    expect(await store.deadLetters.retry(id, 'ann')).toMatchObject({ status: 'retried', endedBy: 'ann', attempts: 4 });
    await writing;
    await at(8);
    expect(await handled(poisoned)).toEqual([1, 2, 3, 4, 5, 6]);
    await expect(store.deadLetters.retry(id, 'ann')).rejects.toMatchObject({ error: 'INVALID_OPERATION' });
    await expect(store.deadLetters.retry(randomUUID(), 'ann')).rejects.toMatchObject({ error: 'DEAD_LETTER_NOT_FOUND' });
    broken.add('Poison');
    await append(poisoned, 'Poison');
    await at(9);
    expect(await letters()).toMatchObject([{ position: 9, status: 'parked' }, { status: 'retried' }]);
  });

  it('are ended once, however many ask at the same moment', async () => {
    const { id } = await parkOne();
    broken.clear();
    const ends = await Promise.allSettled(Array.from({ length: 6 }, (_, i) =>
      (i % 2 ? store.deadLetters.retry(id, 'ann') : store.deadLetters.discard(id, { by: 'bob', reason: 'of no use' }))));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const [letter] = await letters();
    expect(await handled(poisoned)).toEqual(letter!.status === 'retried' ? [1, 2, 3] : [1]);
  });

  it('are discarded with a reason: what was withheld is never handled, what comes is', async () => {
    const { id } = await parkOne();
    expect(await store.deadLetters.discard(id, { by: 'bob', reason: 'of no use' })).toMatchObject({
      status: 'discarded', endedBy: 'bob', reason: 'of no use', endedAt: expect.any(Date),
    });
    await append(poisoned, 'Fine');
    await at(6);
    expect(await handled(poisoned)).toEqual([1, 4]);
  });

  it('are none for what no event is to blame for: a database that goes away, locks, and a consumer whose own SQL is wrong', async () => {
    broken.add('Poison');
    const causes = [
      (client: PoolClient) => client.query('SELECT pg_terminate_backend(pg_backend_pid())'),
      (client: PoolClient) => client.query('SELECT * FROM no_such_table'),
      (client: PoolClient) => client.query("SELECT set_config('statement_timeout', '1', true)").then(() => client.query('SELECT pg_sleep(10)')),
    ];
    let tries = 0;
    fails = async (client) => void await causes[(tries += 1) % causes.length]!(client);
    await append(poisoned, 'Poison');
    await append(other, 'Fine');
    projections.start('spec', handle);
    await eventually(() => expect(tries).toBeGreaterThan(6));
    expect(await letters()).toEqual([]);
    broken.clear();
    await at(2);
    expect([await handled(poisoned), await handled(other)]).toEqual([[1], [1]]);
  });

  it('are none where everything fails: then it is the projection that stands still', async () => {
    broken.add('Poison');
    for (const id of [poisoned, other, third]) await append(id, 'Poison');
    projections.start('spec', handle);
    await eventually(() => expect(projections.figures.get('spec')!.failures).toBeGreaterThan(2));
    expect(await letters()).toEqual([]);
    expect((await projections.status())[0]).toMatchObject({ position: 0, stall: { reason: 'cannot count this' } });
    await append(randomUUID(), 'Fine');
    await at(4);
    expect(await letters()).toHaveLength(3);
  });

  it('pass to a successor with the place of a consumer', async () => {
    const first = await parkOne();
    broken = new Set(['Worse']);
    await append(third, 'Worse');
    await at(6);
    await inTransaction(db.pool, (client) => projections.prepare(client, 'next'));
    while ((await projections.step('next', handle))!.events > 0);
    expect(await projections.replace('spec', { successor: 'next', mayLead: true }, handle, async () => undefined)).toBe(true);
    expect(await letters()).toMatchObject([
      { consumer: 'spec', status: 'parked', ref: { id: third } }, { status: 'superseded', ref: { id: third } }, { id: first.id, status: 'superseded' },
    ]);
  });

  it('are those of before again where what a consumer built is gone back to', async () => {
    const first = await parkOne();
    broken = new Set();
    await inTransaction(db.pool, (client) => projections.prepare(client, 'next'));
    while ((await projections.step('next', handle))!.events > 0);
    expect(await projections.replace('spec', { successor: 'next', keptAs: 'before', mayLead: true }, handle, async () => undefined)).toBe(true);
    expect(await letters()).toMatchObject([{ id: first.id, consumer: 'spec', status: 'superseded' }]);
    const { position } = (await projections.status())[0]!;
    await append(poisoned, 'Fine');
    for (let again = 0; again < 2; again += 1) { // it may be begun twice
      await inTransaction(db.pool, (client) => projections.revive(client, 'before', position));
      while ((await projections.step('before', handle))!.events > 0);
      expect(await letters()).toMatchObject([{ id: first.id, consumer: 'before', status: 'parked', withheld: first.withheld + 1 }]);
    }
    await at(position + 1);
    expect(await projections.replace('spec', { successor: 'before', mayLead: true }, handle, async () => undefined)).toBe(true);
    expect(await letters()).toMatchObject([{ id: first.id, consumer: 'spec', status: 'parked' }]);
  });
});
