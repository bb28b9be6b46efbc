// emmett over its own PostgreSQL event store. Here and not in peers/ because its dependencies are installed apart.
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';
import { drive } from '../lib/drive.mjs';
import { EVENT_DATA, EVENT_TYPE, newIds, Streams } from '../lib/events.mjs';

const event = { type: EVENT_TYPE, data: EVENT_DATA };
const fold = {
  initialState: () => ({ n: 0, name: '' }),
  evolve: (state, { data }) => ({ ...state, n: state.n + 1, name: data.name }),
};

export async function open({ url }) {
  const pool = new pg.Pool({ connectionString: url, max: 64 });
  const store = getPostgreSQLEventStore(url, { connectionOptions: { pool } });
  await store.schema.migrate();
  const streams = new Streams();
  const [hot] = newIds(1);
  const folded = new Map();
  return {
    append: ({ inFlight, seconds }) => drive({
      inFlight, seconds, one: () => streams.withNext((id, version) => store.appendToStream(
        `player-${id}`, [event], { expectedStreamVersion: version === 0 ? 'STREAM_DOES_NOT_EXIST' : BigInt(version) })),
    }),
    hot: ({ inFlight, seconds }) => drive({ inFlight, seconds, one: () => appendUntilTaken(store, `player-${hot}`) }),
    async seed({ events }) {
      const [id] = newIds(1);
      folded.set(events, `player-${id}`);
      for (let done = 0; done < events; done += 100) {
        await store.appendToStream(`player-${id}`, Array.from({ length: Math.min(100, events - done) }, () => event));
      }
    },
    fold: ({ events, inFlight, seconds }) => drive({
      inFlight, seconds, one: async () => {
        const { state } = await store.aggregateStream(folded.get(events), fold);
        if (state.n !== events) throw new Error(`folded ${state.n} of ${events} events`);
      },
    }),
  };
}

/** Two writers without an expectation can still collide in emmett; its callers try again, and so do we. */
async function appendUntilTaken(store, stream) {
  for (;;) {
    try {
      await store.appendToStream(stream, [event]);
      return;
    } catch (error) {
      if (!/version/i.test(`${error.name} ${error.message}`)) throw error;
    }
  }
}
