import { randomUUID } from 'node:crypto';
import { type AggregateType } from '@app/kernel';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import fc from 'fast-check';
import { AuditLog } from './audit-log.js';
import { AuditReader } from './audit-reader.js';
import type { AuditEntry, AuditKind, AuditOutcome, Note } from './entry.js';
import { decodeCursor, encodeCursor } from './http/cursor.js';
import { PartitionKeeper } from './partition-keeper.js';
import type { AuditFilter } from './search.js';

const DAY_MS = 24 * 3_600_000;
const NOW = Date.UTC(2026, 4, 20, 10, 20);
const REFUSED: Note = { kind: 'refusal', action: 'getState', actor: 'eve', outcome: 'refused', status: 403 };
const DONE: Note = { kind: 'rollback', action: 'executeRollback', actor: 'olga', target: { rollbackId: 'r' }, parameters: { body: { confirm: '1' } } };

describe('the audit log', () => {
  let db: TestDatabase;
  let said: string[];
  const logs: AuditLog[] = [];
  beforeEach(async () => {
    db = await createTestDatabase();
    said = [];
  });
  afterEach(async () => {
    await Promise.all(logs.splice(0).map((log) => log.onApplicationShutdown()));
    await db.drop();
  });

  const options = (more: object = {}) => ({ databaseUrl: db.url, retentionDays: 30, say: (_level: string, line: string) => void said.push(line), ...more });
  const open = (more: object = {}): AuditLog => {
    const log = new AuditLog(options(more));
    logs.push(log);
    return log;
  };
  const ask = async <Row>(sql: string, values: unknown[] = []): Promise<Row[]> => (await db.pool.query(sql, values)).rows as Row[];
  const partitions = async (): Promise<string[]> => (await ask<{ name: string }>(
    `SELECT relname AS name FROM pg_inherits JOIN pg_class ON oid = inhrelid
      WHERE inhparent = 'global_state.audit_entries'::regclass ORDER BY 1`)).map(({ name }) => name.replace('audit_entries_', ''));
  const rows = () => ask<{ kind: string; count: number; outcome: string; phase: number }>(
    'SELECT * FROM global_state.audit_entries ORDER BY at, id, phase');
  const reader = (more: object = {}) => new AuditReader({
    pool: db.pool, ...more,
    positionAt: async (moment) => Number((await ask<{ position: string }>('SELECT global_state.position_at(0::smallint, $1) AS position', [moment]))[0]!.position),
  });

  describe('partitions', () => {
    it('are made ahead and dropped whole when they are old, by as many instances as there are', async () => {
      let now = NOW;
      const keepers = Array.from({ length: 4 }, () => new PartitionKeeper(db.pool, { ...options(), now: () => now }));
      await Promise.all(keepers.map((keeper) => keeper.keep()));
      expect(await partitions()).toEqual(['20260520', '20260521', '20260522', '20260523']);
      await Promise.all([0, 1, 2].map((day) => open({ now: () => NOW + day * DAY_MS }).begin(DONE)));
      now = NOW + 31 * DAY_MS;
      const ends = await Promise.allSettled(keepers.map((keeper) => keeper.keep()));
      expect(ends.flatMap((end) => (end.status === 'fulfilled' ? end.value : []))).toEqual(['audit_entries_20260520']);
      // Who would wait for another one for longer than half a second leaves it to him.
      for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: '55P03' });
      expect(await partitions()).toEqual(['20260521', '20260522', '20260523', '20260620', '20260621', '20260622', '20260623']);
      expect(await rows()).toHaveLength(2);
    });

    it('are made by who needs them, after any sleep, by many at once', async () => {
      const log = open({ now: () => NOW });
      const other = open({ now: () => NOW + 400 * DAY_MS });
      await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? log : other).begin(DONE)));
      expect(await partitions()).toEqual(['20260520', '20270624']);
      expect(await rows()).toHaveLength(20);
    });

    it('are looked after from the start on, and that waits for no reader', async () => {
      await open({ now: () => NOW - 40 * DAY_MS }).begin(DONE);
      const client = await db.pool.connect();
      await client.query('BEGIN');
      await client.query('SELECT FROM global_state.audit_entries');
      const log = open({ now: () => NOW });
      log.onApplicationBootstrap();
      await eventually(() => expect(said).toEqual([expect.stringContaining('looked after later')]));
      await log.begin(DONE);
      await client.query('COMMIT');
      client.release();
      expect(await new PartitionKeeper(db.pool, { ...options(), now: () => NOW }).keep()).toEqual(['audit_entries_20260410']);
    });

    it.each(['UPDATE', 'DELETE FROM', 'TRUNCATE'])('refuse %s, as the whole does', async (verb) => {
      await open({ now: () => NOW }).begin(DONE);
      for (const table of ['audit_entries', 'audit_entries_20260520']) {
        await expect(db.pool.query(`${verb} global_state.${table}${verb === 'UPDATE' ? ' SET count = 2' : ''}`)).rejects.toThrow('append-only');
      }
      expect(await rows()).toHaveLength(1);
    });
  });

  describe('refusals', () => {
    it('are written together, and counted where there are too many', async () => {
      const log = open();
      for (let i = 0; i < 2_000; i += 1) log.note({ ...REFUSED, actor: i % 2 ? 'eve' : 'mallory' });
      await log.flush();
      const written = await rows();
      expect(written).toHaveLength(502);
      expect(written.reduce((sum, { count }) => sum + count, 0)).toBe(2_000);
      expect(log.figures).toEqual({ recorded: 502, counted: 1_500, lost: 0 });
    });

    it('come without being asked for', async () => {
      const log = open();
      log.note(REFUSED);
      await eventually(async () => expect(await rows()).toHaveLength(1));
      log.note(REFUSED);
      await eventually(async () => expect(await rows()).toHaveLength(2));
    });

    it('are written at the end of the process', async () => {
      const log = open();
      log.note(REFUSED);
      await logs.splice(0)[0]!.onApplicationShutdown();
      expect(await rows()).toHaveLength(1);
    });

    it('wait while the database does not answer, and are there once then', async () => {
      const log = open({ timeoutMs: 300 });
      await eventually(() => log.begin(DONE)); // a busy machine may need more than these 300 ms
      const client = await db.pool.connect();
      await client.query('BEGIN; LOCK TABLE global_state.audit_entries');
      try {
        for (let i = 0; i < 5; i += 1) log.note(REFUSED);
        // What was sent is done by PostgreSQL when the lock is gone, though nobody waits for it any more: sent again, it must not be there twice.
        await log.flush();
        await log.flush();
        await expect(log.begin(DONE)).rejects.toMatchObject({ error: 'SERVICE_UNAVAILABLE' });
        expect(said).toEqual(expect.arrayContaining([expect.stringContaining('refusals wait')]));
      } finally {
        await client.query('COMMIT');
        client.release();
      }
      await eventually(() => expect(log.figures).toEqual({ recorded: 6, counted: 0, lost: 0 }));
      expect((await rows()).filter(({ kind }) => kind === 'refusal')).toHaveLength(5);
    });
  });

  describe('actions', () => {
    it('stand there as begun until their end is known', async () => {
      const log = open();
      const [begun] = [await log.begin(DONE), await log.begin({ ...DONE, actor: 'oscar' })];
      const find = async (filter: AuditFilter) => (await reader().read(filter, await reader().bounds(new Date(Date.now() - DAY_MS), undefined), 10)).entries;
      expect((await find({})).map(({ outcome }) => outcome)).toEqual(['begun', 'begun']);
      await log.end(begun, { outcome: 'refused', status: 409, error: 'STALE_PREVIEW', reason: 'it has changed' });
      expect(await find({ actor: 'olga' })).toEqual([{
        id: begun.id, at: begun.at, kind: 'rollback', actor: 'olga', action: 'executeRollback', target: { rollbackId: 'r' },
        parameters: { body: { confirm: '1' } }, outcome: 'refused', status: 409, error: 'STALE_PREVIEW', reason: 'it has changed', count: 1,
      }]);
      expect((await find({ outcome: 'begun' })).map(({ actor }) => actor)).toEqual(['oscar']);
      expect(await find({ outcome: 'accepted' })).toEqual([]);
    });
  });

  describe('reading', () => {
    interface Made { readonly ageMs: number; readonly what: 'event' | 'refusal' | 'action' | 'ended'; readonly actor: string; readonly type: AggregateType }
    const made = fc.record<Made>({
      ageMs: fc.integer({ min: 0, max: 6 }).map((n) => n * 3_600_000), what: fc.constantFrom('event', 'refusal', 'action', 'ended'),
      actor: fc.constantFrom('ann', 'bob'), type: fc.constantFrom('player', 'guild'),
    });
    const seldom = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
    const filter = fc.record<{ -readonly [K in keyof AuditFilter]: AuditFilter[K] }>({
      actor: seldom(fc.constantFrom('ann', 'bob')), kind: seldom(fc.constantFrom<AuditKind>('command', 'refusal', 'rollback')),
      outcome: seldom(fc.constantFrom<AuditOutcome>('accepted', 'refused', 'begun')), aggregateType: seldom(fc.constantFrom<AggregateType>('player', 'guild')),
    });
    const id = randomUUID();
    let position = 0;
    const versions = new Map<string, number>();

    /** Puts all of it where it belongs, oldest first, and yields what a reader must be shown. */
    const insert = async (all: readonly Made[]): Promise<AuditEntry[]> => {
      const expected: AuditEntry[] = [];
      for (const { ageMs, what, actor, type } of [...all].sort((a, b) => b.ageMs - a.ageMs)) {
        const at = new Date(NOW - ageMs);
        const target = { aggregateType: type, aggregateId: id };
        if (what === 'event') {
          const version = (versions.get(type) ?? 0) + 1;
          versions.set(type, version);
          const [row] = await ask<{ id: string }>(`INSERT INTO global_state.events (partition, position, event_id, aggregate_type, aggregate_id, generation,
              version, event_type, schema_version, data, ops, actor, origin_region, origin_sequence, hlc, hash, committed_at)
            VALUES (0, $1, gen_random_uuid(), $2, $3, 1, $4, 'Seen', 1, '{"token":"t"}', '[]', $5, 'spec', $1, 1, '', $6) RETURNING event_id AS id`,
          [position += 1, type, id, version, actor, at]);
          expected.push({
            id: row!.id, at, kind: 'command', actor, action: 'Seen', target: { ...target, version }, parameters: { token: '[redacted]' }, changes: {}, outcome: 'accepted', count: 1,
          });
          continue;
        }
        const note: Note = what === 'refusal'
          ? { ...REFUSED, actor, target } : { kind: 'rollback', action: 'undoRollback', actor, target };
        const log = open({ now: () => at.getTime() });
        const begun = await log.begin(note);
        const ending = { outcome: 'accepted', status: 200 } as const;
        if (what === 'ended') await log.end(begun, ending);
        expected.push({ ...begun, outcome: 'begun', ...(what === 'ended' && ending), ...(what === 'refusal' && { outcome: 'refused' as const }) });
      }
      await db.pool.query('UPDATE global_state.log_heads SET position = $1', [position]);
      return expected;
    };
    const matches = (wanted: AuditFilter) => (entry: AuditEntry): boolean =>
      (wanted.actor ?? entry.actor) === entry.actor && (wanted.kind ?? entry.kind) === entry.kind
      && (wanted.outcome ?? entry.outcome) === entry.outcome && (wanted.aggregateType ?? entry.target!.aggregateType) === entry.target!.aggregateType;
    const pages = async (wanted: AuditFilter, from: Date, to: Date | undefined, limit: number): Promise<AuditEntry[]> => {
      const seen: AuditEntry[] = [];
      for (let next: ReturnType<typeof decodeCursor> | undefined = await reader().bounds(from, to); next;) {
        const page = await reader().read(wanted, decodeCursor(encodeCursor(next)), limit);
        expect(page.entries.length === limit || page.next === undefined).toBe(true);
        seen.push(...page.entries);
        expect(seen.length).toBeLessThan(1_000);
        next = page.next;
      }
      return seen;
    };
    const inTime = (entries: readonly AuditEntry[]): AuditEntry[] => [...entries].sort((a, b) => +b.at - +a.at || (a.id < b.id ? -1 : 1));

    it('shows everything of both sources once, in order, page by page, as a naive merge has it', async () => {
      let all: AuditEntry[] = [];
      position = 0;
      versions.clear();
      await fc.assert(fc.asyncProperty(
        fc.array(made, { minLength: 3, maxLength: 12 }), filter, fc.integer({ min: 1, max: 7 }), fc.nat(40), seldom(fc.nat(20)),
        async (more, wanted, limit, fromHours, toHours) => {
          // Positions follow times: what is added is newer than what is there.
          const base = all.length === 0 ? 0 : Math.max(...all.map(({ at }) => +at)) - NOW + 7 * 3_600_000;
          all = [...all, ...await insert(more.map((each) => ({ ...each, ageMs: each.ageMs - base })))];
          const newest = all.length === 0 ? NOW : Math.max(...all.map(({ at }) => +at));
          const from = new Date(newest - fromHours * 3_600_000);
          const to = toHours === undefined ? undefined : new Date(newest - toHours * 3_600_000);
          const expected = all.filter(matches(wanted)).filter(({ at }) => at >= from && (!to || at < to));
          const seen = await pages(wanted, from, to, limit);
          expect(inTime(seen)).toEqual(inTime(expected));
          expect(seen.map(({ at }) => +at)).toEqual([...seen.map(({ at }) => +at)].sort((a, b) => b - a));
          await Promise.all(logs.splice(0).map((log) => log.onApplicationShutdown()));
        }), { numRuns: 12 });
      expect(all.length).toBeGreaterThan(0);
    });

    it('finds what was done to one aggregate', async () => {
      const all = await insert(Array.from({ length: 12 }, (_, i) => ({ ageMs: i * 1_000, what: i % 2 ? 'event' : 'ended', actor: 'ann', type: i % 3 ? 'player' : 'guild' } as const)));
      const wanted = { aggregateType: 'player', aggregateId: id } as const;
      const expected = all.filter(({ target }) => target!.aggregateType === 'player');
      expect(inTime(await pages(wanted, new Date(NOW - DAY_MS), undefined, 3))).toEqual(inTime(expected));
      expect(await pages({ ...wanted, aggregateId: randomUUID() }, new Date(NOW - DAY_MS), undefined, 3)).toEqual([]);
    });

    it('ends a search that takes too long, and says what to do', async () => {
      const client = await db.pool.connect();
      await client.query('BEGIN; LOCK TABLE global_state.events');
      try {
        await expect(reader({ timeoutMs: 200 }).read({}, { fromPosition: 0, beforePosition: 9, from: new Date(0), before: { at: new Date(), id } }, 1))
          .rejects.toMatchObject({ error: 'VALIDATION_ERROR', message: expect.stringContaining('narrow') });
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    });
  });
});
