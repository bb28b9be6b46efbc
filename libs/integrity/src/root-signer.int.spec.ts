import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStore } from '@app/event-store';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import { Pool } from 'pg';
import { fromLines, RootSigner, signRoots, storedRoots, verify } from './index.js';
import { rootsIn } from './roots-file.js';
import { inSigningTurn } from './sql/signing-turn.js';

const keys = generateKeyPairSync('ed25519');
const WITHIN_MS = 60_000;

describe('signing by instances', () => {
  let db: TestDatabase;
  let store: EventStore;
  let signers: RootSigner[];
  let pools: Pool[];
  let lines: string[];
  beforeEach(async () => {
    db = await createTestDatabase();
    store = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url, snapshotEvery: 100 }, { groupCommitted: () => undefined, verdict: () => undefined });
    pools = Array.from({ length: 4 }, () => new Pool({ connectionString: db.url, max: 2 }).on('error', () => undefined));
    [lines, signers] = [[], []];
  });
  afterEach(async () => {
    await Promise.all(signers.map((signer) => signer.stop()));
    await Promise.all(pools.map((pool) => pool.end()));
    await store.close();
    await db.drop();
  });

  const append = async (events: number): Promise<void> => {
    const id = randomUUID();
    for (let n = 0; n < events; n += 1) {
      await store.execute({
        aggregates: [{ type: 'player', id }], context: { actor: 'spec' },
        decide: () => [[{ type: 'Changed', schemaVersion: 1, data: { n }, ops: [['inc', '/gold', 'sum', 1, n]] }]],
      });
    }
  };
  const signer = (pool: Pool, everyMs = 5, file?: string): RootSigner => {
    const made = new RootSigner(pool, { key: keys.privateKey, everyMs, file }, (line, level) => lines.push(level === 'error' ? `${level}: ${line}` : line));
    signers.push(made);
    return made;
  };
  /** Whether every position up to the head is covered once. */
  const expectSigned = async (head: number): Promise<void> => {
    let signed = 0;
    for await (const { statement } of storedRoots(db.pool)) {
      const { first, last } = JSON.parse(statement) as { first: number; last: number };
      expect(first).toBe(signed + 1);
      signed = last;
    }
    expect(signed).toBe(head);
    const client = await db.pool.connect();
    const verified = await verify(client, { keys: [keys.publicKey] });
    client.release();
    expect(verified).toMatchObject({ signedThrough: head, findings: [] });
  };

  it('covers everything once, while events arrive', async () => {
    for (const pool of pools) signer(pool).start();
    await append(200);
    await eventually(() => expect(signers.map(({ figures }) => figures?.position)).toEqual(signers.map(() => 200)), WITHIN_MS);
    await Promise.all(signers.map((each) => each.stop()));
    await expectSigned(200);
    expect(lines).toEqual([]);
    expect(await inSigningTurn(db.pool, async () => undefined)).toBe(true); // a signer that stopped left its turn to others
  });

  it('leaves it to the table that no position is signed twice, where no lock helps', async () => {
    await append(50);
    const ended = await Promise.allSettled(pools.map(async (pool) => {
      for await (const _root of signRoots(pool, { key: keys.privateKey, every: 10 }));
    }));
    for (const end of ended) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: '23505' });
    await expectSigned(50);
  });

  it('passes over a turn that somebody else has, and over one that was signed by hand meanwhile', async () => {
    await append(10);
    const holder = await db.pool.connect();
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE global_state.log_roots IN SHARE MODE'); // roots can be read, but not added
    const [first, second] = [signer(pools[0]!, 60_000), signer(pools[1]!, 60_000)];
    first.start();
    await eventually(async () => expect((await db.pool.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO global_state.log_roots%'`)).rows).toHaveLength(1), WITHIN_MS);
    second.start();
    await second.stop(); // it does not wait for the first one
    for await (const _root of signRoots(holder, { key: keys.privateKey }));
    await holder.query('COMMIT');
    holder.release();
    await eventually(() => expect(first.figures?.position).toBe(10), WITHIN_MS);
    await expectSigned(10);
    expect(lines).toEqual([]);
  });

  it('says in one line why it cannot sign, grows old, and goes on at the next turn', async () => {
    await append(10);
    const other = generateKeyPairSync('ed25519');
    for await (const _root of signRoots(db.pool, { key: other.privateKey }));
    const one = signer(pools[0]!, 60_000);
    one.start();
    await eventually(() => expect(lines).toEqual([expect.stringMatching(/^the log is signed later: root 1 of partition 0 does not hold: it is signed with the key \w+, which .*$/)]), WITHIN_MS);
    await one.stop();
    const client = await db.pool.connect();
    await client.query('SET session_replication_role = replica');
    await client.query('DELETE FROM global_state.log_roots');
    await client.query('RESET session_replication_role');
    client.release();
    const age = one.figures!.ageSeconds;
    await eventually(() => expect(one.figures!.ageSeconds).toBeGreaterThan(age));
    signer(pools[0]!).start();
    await eventually(() => expectSigned(10), WITHIN_MS);
    expect(lines).toHaveLength(1);
  });

  /** As a superuser who turns the triggers off. */
  const tamper = async (sql: string): Promise<void> => {
    const client = await db.pool.connect();
    await client.query('SET session_replication_role = replica');
    await client.query(sql);
    await client.query('RESET session_replication_role');
    client.release();
  };
  const rootsOf = async (): Promise<string[]> => (await db.pool.query<{ statement: string }>('SELECT statement FROM global_state.log_roots ORDER BY number')).rows.map(({ statement }) => statement);

  it.each([
    ['gone', 'DELETE FROM global_state.log_roots'],
    ['gone', 'DELETE FROM global_state.log_roots WHERE number = (SELECT max(number) FROM global_state.log_roots)'],
    ['another one than it was', `UPDATE global_state.log_roots SET statement = statement || ' '`],
  ])('signs nothing once a root that was there is %s, until it is there again (%s)', async (how, sql) => {
    await append(3);
    const one = signer(pools[0]!);
    one.start();
    await eventually(() => expect(one.figures?.position).toBe(3), WITHIN_MS);
    await append(3);
    await eventually(() => expect(one.figures).toMatchObject({ position: 6, isAlarmed: false }), WITHIN_MS);
    const before = await rootsOf();
    await db.pool.query('CREATE TABLE kept AS SELECT * FROM global_state.log_roots');
    await tamper(sql);
    await append(1);
    // What changes in the middle of a turn is met by the next one; until then the log is just not signed.
    const alarms = (): string[] => lines.filter((line) => line.startsWith('error: '));
    await eventually(() => expect(alarms()).toHaveLength(1), WITHIN_MS);
    expect(alarms()[0]).toMatch(new RegExp(`^error: root \\d+ of partition 0 is ${how}\\. Nothing is signed: `));
    expect(one.figures!.isAlarmed).toBe(true);
    expect((await rootsOf()).filter((root) => !before.includes(root.trimEnd()))).toEqual([]);
    await tamper('DELETE FROM global_state.log_roots; INSERT INTO global_state.log_roots SELECT * FROM kept');
    await eventually(() => expect(one.figures).toMatchObject({ position: 7, isAlarmed: false }), WITHIN_MS);
    await expectSigned(7);
    expect(alarms()).toHaveLength(1);
  });

  it('remembers in a file what earlier processes saw, also what others signed and where one was killed at it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gss-roots-'));
    const file = join(folder, 'not', 'there', 'roots.jsonl');
    try {
      await append(5);
      for await (const _root of signRoots(db.pool, { key: keys.privateKey, every: 2 }));
      const first = signer(pools[0]!, 5, file);
      first.start();
      await eventually(() => expect(first.figures?.position).toBe(5), WITHIN_MS);
      await first.stop();
      const whole = await readFile(file, 'utf8');
      await writeFile(file, whole.slice(0, -9)); // its last line was not written to the end
      expect(await rootsIn(file)).toEqual(fromLines(whole).slice(0, -1));
      const second = signer(pools[0]!, 5, file);
      const beside = signer(pools[1]!, 5, file);
      for (const each of [second, beside]) each.start();
      await append(20);
      await eventually(() => expect([second.figures?.position, beside.figures?.position]).toEqual([25, 25]), WITHIN_MS);
      await Promise.all([second.stop(), beside.stop()]);
      expect((await rootsIn(file)).map(({ statement }) => statement)).toEqual(await rootsOf());
      await tamper('DELETE FROM global_state.log_roots');
      signer(pools[2]!, 60_000, file).start();
      await eventually(() => expect(lines).toEqual([expect.stringMatching(/^error: root \d+ of partition 0 is gone/)]), WITHIN_MS);
      expect(await rootsOf()).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is not ended by a connection that is cut between two statements, and leaves the turn to the next one', async () => {
    const turn = inSigningTurn(pools[0]!, async (client) => {
      const { rows: [row] } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const ended = new Promise((resolve) => client.once('end', resolve));
      await db.pool.query('SELECT pg_terminate_backend($1)', [row!.pid]);
      await ended;
      await client.query('SELECT 1');
    });
    await expect(turn).rejects.toThrow();
    expect(await inSigningTurn(pools[1]!, async () => undefined)).toBe(true);
  });

  it('does nothing without a key', async () => {
    await append(1);
    const one = new RootSigner(pools[0]!, undefined, (line) => lines.push(line));
    one.start();
    await one.stop();
    expect(one.figures).toBeUndefined();
    expect((await db.pool.query('SELECT FROM global_state.log_roots')).rows).toEqual([]);
  });
});
