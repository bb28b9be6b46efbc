import { createTestDatabase, eventStoreContract, InMemoryEventStore } from '@app/testing';
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
