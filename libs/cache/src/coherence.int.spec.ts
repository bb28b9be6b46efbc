import { randomUUID } from 'node:crypto';
import { EventStore } from '@app/event-store';
import { cachePorts } from '@app/game-state';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import { Coherence } from './coherence.js';
import { CacheFigures } from './figures.js';
import { BLIND_AFTER_MS, LayeredCache } from './layered-cache.js';
import { MemoryLayer } from './memory-layer.js';
import { StateLoader } from './state-loader.js';

const LOOKING = `SELECT pg_cancel_backend(pid) AS told FROM pg_stat_activity
  WHERE application_name = 'gss-feed' AND datname = current_database() AND wait_event_type = 'Lock'`;

describe('the caches of an instance', () => {
  let db: TestDatabase;
  let events: EventStore;
  let coherence: Coherence;
  let cache: LayeredCache;
  const lines: string[] = [];

  beforeEach(async () => {
    db = await createTestDatabase();
    events = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url }, { groupCommitted: () => undefined, verdict: () => undefined });
    const ports = cachePorts(events, (level, line) => lines.push(`${level} ${line}`));
    const figures = new CacheFigures();
    cache = new LayeredCache(new MemoryLayer(1_000_000, figures.l1), undefined, new StateLoader(ports.load, figures), figures);
    coherence = new Coherence(cache, ports);
    await coherence.start();
  });
  afterEach(async () => {
    await coherence.close();
    await events.close();
    await db.drop();
  });

  const sighted = (): Promise<void> => eventually(() => expect(cache.isSighted).toBe(true));

  it('come back after a look that was cancelled, and know then what was written meanwhile', async () => {
    const key = `player/${randomUUID()}`;
    await sighted();
    expect((await cache.read(key)).version).toBe(0);
    const holder = await db.pool.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE global_state.log_epoch IN ACCESS EXCLUSIVE MODE');
      await eventually(async () => expect((await holder.query(LOOKING)).rows).toEqual([{ told: true }]));
      await eventually(() => expect(lines).toEqual([expect.stringMatching(/^error .*cannot be followed/)]));
      await eventually(() => expect(cache.lookAgeMs).toBeGreaterThan(BLIND_AFTER_MS));
      expect(cache.isSighted).toBe(false);
    } finally {
      holder.release(true);
    }
    await events.execute({
      aggregates: [{ type: 'player', id: key.slice('player/'.length) }], context: { actor: 'spec' },
      decide: () => [[{ type: 'Made', schemaVersion: 1, data: {}, ops: [['set', '/n', 'lww', 1]] }]],
    });
    await sighted();
    expect((await cache.read(key)).version).toBe(1);
    expect(lines.slice(1)).toEqual(['warn the log is followed again']);
  });
});
