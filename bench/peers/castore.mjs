// castore over its own PostgreSQL adapter. The adapter opens at most ten connections and takes no option for it, so that more in
// flight get more adapters.
import { PostgresEventStorageAdapter } from '@castore/event-storage-adapter-postgres';
import { drive } from '../lib/drive.mjs';
import { EVENT_DATA, EVENT_TYPE, Streams } from '../lib/events.mjs';

const CONNECTIONS = 10;

/** The Unix socket comes from PGHOST: its folder fits no URL that this client reads. */
export async function open({ database }) {
  const connectionString = `postgres:///${database}`;
  await PostgresEventStorageAdapter.createEventTable({ connectionString, tableName: 'events' });
  const adapters = [];
  const context = { eventStoreId: 'bench' };
  const streams = new Streams();
  return {
    append: ({ inFlight, seconds }) => {
      while (adapters.length * CONNECTIONS < inFlight) {
        adapters.push(new PostgresEventStorageAdapter({ connectionString, tableName: 'events' }));
      }
      const used = Math.ceil(inFlight / CONNECTIONS);
      return drive({
        inFlight, seconds, one: (worker) => streams.withNext((aggregateId, version) => adapters[worker % used].pushEvent(
          { aggregateId, version: version + 1, type: EVENT_TYPE, payload: EVENT_DATA }, context)),
      });
    },
  };
}
