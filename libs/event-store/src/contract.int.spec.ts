import { createTestDatabase, type EventLog, eventStoreContract, InMemoryEventStore } from '@app/testing';
import { EventStore } from './event-store.js';
import type { AppendObserver } from './writer/observer.js';

const silent: AppendObserver = { groupCommitted: () => undefined, verdict: () => undefined };

eventStoreContract('in memory', async () => ({ store: new InMemoryEventStore(), close: async () => undefined }));

eventStoreContract('over PostgreSQL', async () => {
  const db = await createTestDatabase();
  const store = new EventStore(db.pool, { origin: 'contract', databaseUrl: db.url }, silent);
  return {
    store,
    close: async () => {
      await store.close();
      await db.drop();
    },
  };
});

eventStoreContract('over PostgreSQL, by two instances in turn', async () => {
  const db = await createTestDatabase();
  const stores = ['a', 'b'].map((origin) => new EventStore(db.pool, { origin, databaseUrl: db.url }, silent));
  let turn = 0;
  const store: EventLog = {
    execute: (command) => stores[(turn += 1) % 2]!.execute(command),
    readState: (ref) => stores[0]!.readState(ref),
    readStateAt: (ref, version) => stores[1]!.readStateAt(ref, version),
    readStream: (ref, range) => stores[0]!.readStream(ref, range),
    readLog: (after, limit) => stores[1]!.readLog(after, limit),
    head: () => stores[0]!.head(),
  };
  return {
    store,
    close: async () => {
      await Promise.all(stores.map((each) => each.close()));
      await db.drop();
    },
  };
});
