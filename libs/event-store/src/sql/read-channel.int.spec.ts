import { randomUUID } from 'node:crypto';
import type { AggregateRef, Op, StoredEvent } from '@app/kernel';
import { createTestDatabase, type TestDatabase } from '@app/testing';
import { EventStore } from '../event-store.js';
import type { ChannelQuery } from './read-channel.js';

const MIB = 1024 * 1024;
const BIG = 100_000;

describe('what somebody missed', () => {
  let db: TestDatabase;
  let store: EventStore;
  beforeEach(async () => {
    db = await createTestDatabase();
    store = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url }, { groupCommitted: () => undefined, verdict: () => undefined });
  });
  afterEach(async () => {
    await store.close();
    await db.drop();
  });

  const append = async (ref: AggregateRef, count: number, text: string): Promise<void> => {
    const op: Op = ['set', '/n', 'lww', 1];
    await store.execute({
      aggregates: [ref], context: { actor: 'spec' },
      decide: () => [Array.from({ length: count }, () => ({ type: 'Noted', schemaVersion: 1, data: { text }, ops: [op] }))],
    });
  };

  /** All of it, page by page. */
  const pages = async (channel: ChannelQuery): Promise<(readonly StoredEvent[])[]> => {
    const read: (readonly StoredEvent[])[] = [];
    for (let at = 0; ;) {
      const { events, upTo, head } = (await store.readMissed(channel, at))!;
      read.push(events);
      if (upTo === head) return read;
      expect(upTo).toBeGreaterThan(at);
      at = upTo;
    }
  };

  it.each(['of one aggregate', 'of a type'])('comes in pages of few bytes, %s, without a gap', async (which) => {
    const ref = { type: 'world', id: randomUUID() } as const;
    for (let i = 0; i < 15; i += 1) {
      await append(ref, 2, 'x'.repeat(BIG));
      await append({ type: 'guild', id: randomUUID() }, 1, '');
    }
    await append(ref, 1, 'x'.repeat(2 * MIB)); // larger than a page
    await append(ref, 600, '');
    const read = await pages(which === 'of a type' ? { type: 'world' } : ref);
    expect(read.flat().map(({ version }) => version)).toEqual(Array.from({ length: 631 }, (_, i) => i + 1));
    for (const events of read) {
      expect(events.length).toBeLessThanOrEqual(500);
      const bytes = events.map(({ data }) => JSON.stringify(data).length);
      expect(bytes.slice(0, -1).reduce((sum, each) => sum + each, 0)).toBeLessThan(MIB);
    }
    expect(read.length).toBeGreaterThanOrEqual(5);
  });

  it('is as little at once for who follows the log', async () => {
    for (let i = 0; i < 10; i += 1) await append({ type: 'world', id: randomUUID() }, 10, 'x'.repeat(BIG));
    const stop = new AbortController();
    const read: number[] = [];
    for await (const events of store.tail(0, stop.signal)) {
      read.push(events.length);
      if (read.reduce((sum, each) => sum + each, 0) === 100) break;
    }
    expect(Math.max(...read) * BIG).toBeLessThanOrEqual(4 * MIB + BIG);
  });
});
