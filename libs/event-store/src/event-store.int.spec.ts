import { randomUUID } from 'node:crypto';
import { type AggregateRef, type AggregateSnapshot, type JsonObject, ServiceError } from '@app/kernel';
import { createTestDatabase, type TestDatabase } from '@app/testing';
import { EventStore } from './event-store.js';
import type { AppendObserver } from './writer/observer.js';

let g = 0, ge = 0, gs = 0;
const silent: AppendObserver = { groupCommitted: (x) => { g++; ge += x.events; gs += x.seconds; }, verdict: () => undefined };

describe('spike', () => {
  let db: TestDatabase;
  let store: EventStore;
  beforeAll(async () => {
    db = await createTestDatabase();
    store = new EventStore(db.pool, { origin: 'test', databaseUrl: db.url, log: console.log }, silent);
  });
  afterAll(async () => {
    await store.close();
    await db.drop();
  });
  it('appends', async () => {
    const ref = { type: 'player', id: randomUUID() };
    const inc = (ref: AggregateRef) => store.execute({
      aggregates: [ref], context: { actor: 'me' },
      decide: ([s]) => [[{ type: 'X', schemaVersion: 1, data: { a: 1 }, ops: [['inc', '/n', 'sum', 1, ((s!.data['n'] as number) ?? 0) + 1]] }]],
    });
    const out = await inc(ref);
    console.log(out);
    const t = performance.now();
    await Promise.all(Array.from({ length: 5000 }, () => inc(ref)));
    console.log('hot', 5000 / (performance.now() - t) * 1000, '/s', await store.readState(ref));
    const refs = Array.from({ length: 5000 }, () => ({ type: 'player', id: randomUUID() }));
    for (let i = 0; i < 3; i++) {
    const t2 = performance.now();
    await Promise.all(refs.map(inc));
    console.log('spread', 5000 / (performance.now() - t2) * 1000, '/s', await store.head());
    }
    g = ge = gs = 0; const cpu0 = process.cpuUsage(); const lat: number[] = []; let next = 0; const t3 = performance.now();
    await Promise.all(Array.from({ length: 256 }, async () => { while (next < 20000) { const r = refs[next++ % 5000]!; const s = performance.now(); await inc(r); lat.push(performance.now() - s); } }));
    lat.sort((a, b) => a - b);
    console.log('groups', g, 'events/group', ge / g, 'ms/group', gs / g * 1000, 'cpu', process.cpuUsage(cpu0), 'wall', performance.now() - t3); console.log('256 in flight', 20000 / (performance.now() - t3) * 1000, 'p50', lat[10000], 'p99', lat[19800]);
  });
});
