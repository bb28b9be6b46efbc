import { randomUUID } from 'node:crypto';
import { CHAIN_START, EventStore } from '@app/event-store';
import type { EventContext, JsonObject } from '@app/kernel';
import { createTestDatabase, type TestDatabase } from '@app/testing';
import { ALL_IDS, eventPages } from './aggregate-pages.js';
import type { EventRow } from './event-row.js';

const WORDS = ['plain', 'with "quotes"', 'back\\slash', 'line\nand\ttab\u0001', 'ünïcödé 🗡️ \u2028', '\u007f', 'x'.repeat(70_000)];

describe('an event as COPY sends it', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createTestDatabase();
    const store = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url }, { groupCommitted: () => undefined, verdict: () => undefined });
    const [one, other] = [randomUUID(), randomUUID()];
    for (const [n, word] of WORDS.entries()) {
      const metadata: JsonObject = { word };
      const contexts: EventContext[] = [
        { actor: word },
        { actor: 'a', serverId: word, correlationId: randomUUID(), causationId: randomUUID(), playerId: randomUUID(), sessionId: randomUUID(), metadata },
      ];
      for (const [i, context] of contexts.entries()) {
        await store.execute({
          aggregates: [{ type: n % 2 === 0 ? 'player' : 'guild', id: n < 4 ? one : other }], context,
          ...(i === 0 ? { receipt: { key: `${n}${word.slice(0, 30)}`, fingerprint: 'f' } } : {}),
          decide: () => [[{ type: word, schemaVersion: 1 + n, data: { word, n }, ops: [['set', `/${n}`, 'lww', word]] }]],
        });
      }
    }
    await store.close();
  });
  afterAll(async () => {
    await db.drop();
  });

  const allRows = async (): Promise<EventRow[]> => {
    const client = await db.pool.connect();
    const rows: EventRow[] = [];
    for await (const page of eventPages(client, ALL_IDS)) rows.push(...page);
    client.release();
    return rows;
  };

  it('has every column as the database has it', async () => {
    const rows = await allRows();
    const { rows: expected } = await db.pool.query<Record<string, unknown>>(`
      SELECT aggregate_type AS type, aggregate_id::text AS id, version::float8 AS version, partition, position::float8 AS position,
        (extract(epoch FROM committed_at) * 1000)::bigint::text AS "committedAt", encode(hash, 'hex') AS hash, event_id::text AS "eventId", generation,
        event_type AS "eventType", schema_version AS "schemaVersion", data::text AS data, ops::text AS ops, metadata::text AS metadata, actor,
        command_key AS "commandKey", correlation_id::text AS "correlationId", causation_id::text AS "causationId", server_id AS "serverId",
        player_id::text AS "playerId", session_id::text AS "sessionId", origin_region AS origin, hlc::text AS hlc
      FROM global_state.events ORDER BY aggregate_id, aggregate_type, version`);
    expect(rows).toHaveLength(2 * WORDS.length);
    rows.forEach((row, i) => {
      for (const [column, value] of Object.entries(expected[i]!)) {
        expect([column, row[column as keyof EventRow]]).toEqual([column, value ?? undefined]);
      }
    });
  });

  it('is hashed from its bytes to what the writer made of it', async () => {
    let before: EventRow | undefined;
    for (const row of await allRows()) {
      const previous = before?.id === row.id && before.type === row.type ? before.hash : CHAIN_START;
      expect([row.eventType.slice(0, 30), row.follows(previous), row.follows(row.hash)]).toEqual([row.eventType.slice(0, 30), true, false]);
      before = row;
    }
  });
});
