// The library: EventStore as the service uses it, called in this process.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { EventStore } from '../../dist/libs/event-store/src/index.js';
import { BEGIN_FROZEN, verify } from '../../dist/libs/integrity/src/index.js';
import { ServiceError } from '../../dist/libs/kernel/src/index.js';
import { decide } from '../../dist/libs/game-state/src/domain/decide.js';
import { DEFINITIONS } from '../../dist/libs/game-state/src/domain/definitions/index.js';
import { migrate } from '../../dist/migrations/migrate.js';
import { drive } from '../lib/drive.mjs';
import { EVENT_DATA, EVENT_TYPE, newIds, Streams } from '../lib/events.mjs';

const SEEDED_AT_ONCE = 500;

const silent = { groupCommitted: () => undefined, verdict: () => undefined };

/** The event of the appends: its data is its effect, decided as the service decides it. */
const measured = (state) => decide(state, { kind: 'publish', event: { eventType: EVENT_TYPE, eventData: EVENT_DATA } }, DEFINITIONS.player);

/** An event of a stream that is folded counts and sets a field, so that a wrong fold is seen. */
const counted = (state) => ({
  type: EVENT_TYPE, schemaVersion: 1, data: EVENT_DATA,
  ops: [['inc', '/n', 'sum', 1, (state.data.n ?? 0) + 1], ['set', '/name', 'lww', EVENT_DATA.name]],
});

const command = (id, decide) => ({ aggregates: [{ type: 'player', id }], context: { actor: 'bench' }, decide });

const unconditional = (id, draft = counted) => command(id, ([state]) => [[draft(state)]]);

const expecting = (id, expectedVersion) => command(id, ([state]) => {
  if (state.version !== expectedVersion) {
    throw new ServiceError('VERSION_CONFLICT', `expected ${expectedVersion}, is ${state.version}`, { currentVersion: state.version });
  }
  return [[measured(state)]];
});

const FINGERPRINT = '0123456789abcdef'.repeat(4);

/** What the service makes of an Idempotency-Key: two digests. */
const newReceipt = () => ({ key: randomBytes(32).toString('hex'), fingerprint: FINGERPRINT });

export async function open({ url }) {
  await migrate(url);
  const pool = new pg.Pool({ connectionString: url, max: 16 });
  const store = new EventStore(pool, { origin: 'bench', databaseUrl: url }, silent);
  // One that never has a kept fold to begin from.
  const unaided = new EventStore(pool, { origin: 'bench', databaseUrl: url, snapshotEvery: 1e9 }, silent);
  const streams = new Streams();
  const [hot] = newIds(1);
  const folded = new Map();
  let ids = [];
  return {
    append: ({ inFlight, seconds, receipts = false }) => drive({
      inFlight, seconds, one: () => streams.withNext((id, version) =>
        store.execute({ ...expecting(id, version), ...(receipts ? { receipt: newReceipt() } : {}) })),
    }),
    hot: ({ inFlight, seconds }) => drive({ inFlight, seconds, one: () => store.execute(unconditional(hot, measured)) }),
    async seed({ events }) {
      const [id] = newIds(1);
      folded.set(events, id);
      for (let done = 0; done < events; done += 100) {
        await Promise.all(Array.from({ length: Math.min(100, events - done) }, () => store.execute(unconditional(id))));
      }
    },
    fold: ({ events, inFlight, seconds }) => drive({
      inFlight, seconds, one: async () => {
        const { data } = await unaided.readStateAt({ type: 'player', id: folded.get(events) }, events);
        const { n } = JSON.parse(data);
        if (n !== events) throw new Error(`folded ${n} of ${events} events`);
      },
    }),
    /** Random versions of a long stream, as the service reads them. */
    travel: ({ events, inFlight, seconds }) => drive({
      inFlight, seconds, one: async () => {
        const version = 1 + Math.floor(Math.random() * events);
        const { data } = await store.readStateAt({ type: 'player', id: folded.get(events) }, version);
        const { n } = JSON.parse(data);
        if (n !== version) throw new Error(`version ${version} says ${n}`);
      },
    }),
    /** So many events, evenly over so many streams, one after another in each. */
    async spread({ events, aggregates }) {
      ids = newIds(aggregates);
      for (let done = 0; done < events; done += ids.length) {
        for (let at = 0; at < ids.length; at += SEEDED_AT_ONCE) {
          await Promise.all(ids.slice(at, at + SEEDED_AT_ONCE).map((each) => store.execute(unconditional(each))));
        }
      }
      await pool.query('VACUUM ANALYZE');
    },
    async verify() {
      const client = await pool.connect();
      try {
        await client.query(BEGIN_FROZEN);
        const [cpu, begun] = [process.cpuUsage(), performance.now()];
        const { events, findings } = await verify(client);
        const passed = (performance.now() - begun) / 1000;
        const { user, system } = process.cpuUsage(cpu);
        if (findings.length > 0) throw new Error(findings[0].what);
        return { rate: events / passed, cores: (user + system) / 1e6 / passed };
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    },
    /** While so many write to what `spread` made, each one after the other. */
    async rebuild({ writers }) {
      let isOver = false;
      let written = 0;
      const writing = Array.from({ length: writers }, async () => {
        for (; !isOver; written += 1) await store.execute(unconditional(ids[Math.floor(Math.random() * ids.length)]));
      });
      try {
        const begun = performance.now();
        const result = await store.builds.rebuild(await store.builds.open());
        const seconds = (performance.now() - begun) / 1000;
        return { rate: result.events / seconds, result: { ...result, writes: Math.round(written / seconds) } };
      } finally {
        isOver = true;
        await Promise.all(writing);
      }
    },
    memory: async () => process.memoryUsage().rss,
  };
}
