import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { EventStore, snapshotChecksum } from '@app/event-store';
import type { AggregateType, Op } from '@app/kernel';
import { createTestDatabase, type TestDatabase } from '@app/testing';
import type { PoolClient } from 'pg';
import { type Finding, fromLines, signRoots, type StoredRoot, toLine, type Verification, verify, type VerifyOptions } from './index.js';

const ROUNDS = 1_000;
const TYPES: readonly AggregateType[] = ['player', 'guild', 'world'];

/** mulberry32: rounds that can be repeated. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface At { position: number; aggregate_type: string; aggregate_id: string; version: number }
/** Where a tampering must be found: for each place, a finding that `names` it. */
type Names = (finding: Finding) => boolean;

const isAt = ({ position }: At): Names => (finding) =>
  finding.position !== undefined && finding.position <= position && position <= (finding.through ?? finding.position);
const isVersion = ({ aggregate_id: id, aggregate_type: type, version }: At): Names => (finding) =>
  finding.aggregateId === id && finding.aggregateType === type && finding.version === version;
const isState = ({ aggregate_id: id, aggregate_type: type }: At, field?: string): Names => (finding) =>
  finding.kind.startsWith('state') && finding.aggregateId === id && finding.aggregateType === type && (field === undefined || finding.field === field);

const COLUMNS: Record<string, string> = {
  event_id: 'gen_random_uuid()', generation: 'generation + 1', event_type: `event_type || 'x'`, schema_version: 'schema_version + 1',
  data: `'{"gold":1000000}'`, ops: `'[["set","/gold","lww",1000000]]'`, metadata: `'{"why":"none"}'`, actor: `actor || 'x'`,
  command_key: `coalesce(command_key, '') || 'x'`, correlation_id: 'gen_random_uuid()', causation_id: 'gen_random_uuid()',
  server_id: `coalesce(server_id, '') || 'x'`, player_id: 'gen_random_uuid()', session_id: 'gen_random_uuid()',
  origin_region: `origin_region || 'x'`, origin_sequence: 'origin_sequence + 1', hlc: 'hlc + 1', key_id: 'gen_random_uuid()',
  hash: `sha256(hash)`, committed_at: `committed_at + interval '1 ms'`, 'committed_at ': `committed_at - interval '1 day'`,
};
const STATE_COLUMNS: Record<string, string> = {
  generation: 'generation + 1', version: 'version + 1', deleted: 'NOT deleted', data: `'{"gold":1000000}'`, checksum: 'sha256(checksum)',
  clocks: `'{"gold":7}'`, hash: 'sha256(hash)', hlc: 'hlc + 1', fold_generation: 'fold_generation + 1', position: 'position + 1',
  last_modified: `last_modified + interval '1 ms'`,
};

describe('tampering below the last signed root', () => {
  let db: TestDatabase;
  let client: PoolClient;
  let events: At[];
  let kept: StoredRoot[] = [];
  const keys = generateKeyPairSync('ed25519');
  const random = randomOf(20_260_725);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;

  beforeAll(async () => {
    db = await createTestDatabase();
    const store = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url, snapshotEvery: 4 }, {
      groupCommitted: () => undefined, verdict: () => undefined,
    });
    const ids = Array.from({ length: 20 }, () => randomUUID());
    for (let n = 0; n < 200; n += 1) {
      const at = n % 20;
      const ops: Op[] = n % 37 === 36 ? [['del']] : [['inc', '/gold', 'sum', n, n], ['set', `/items/${n % 5}`, 'lww', { n, 'ü': [null, 'a\nb'] }]];
      await store.execute({
        aggregates: [{ type: TYPES[at % 3]!, id: ids[at]! }],
        context: { actor: 'spec', ...(n % 2 ? { correlationId: randomUUID(), metadata: { n } } : { serverId: 's\u0001"', playerId: randomUUID() }) },
        ...(n % 3 ? {} : { key: `key-${n}`, fingerprint: 'f' }),
        decide: () => [[{ type: 'Changed', schemaVersion: 1, data: { n, text: 'é\u2028' }, ops }]],
      });
    }
    await store.close();
    for await (const root of signRoots(db.pool, { key: keys.privateKey, every: 64 })) kept.push(root);
    kept = fromLines(kept.map((root) => `${toLine(root)}\n`).join(''));
    client = await db.pool.connect();
    await client.query('SET session_replication_role = replica');
    events = (await client.query<At>(`
      SELECT position::int, aggregate_type, aggregate_id, version::int FROM global_state.events ORDER BY position`)).rows;
  });
  afterAll(async () => {
    client.release();
    await db.drop();
  });

  const check = (more: VerifyOptions = {}): Promise<Verification> => verify(client, { keys: [keys.publicKey], roots: kept, ...more });

  /** What verify says of a change that is taken back afterwards. */
  async function after(change: () => Promise<unknown>, more: VerifyOptions = {}): Promise<Verification> {
    await client.query('BEGIN');
    try {
      await change();
      return await check(more);
    } finally {
      await client.query('ROLLBACK');
    }
  }
  const sql = (text: string, values: readonly unknown[] = []): Promise<unknown> => client.query(text, [...values]);
  const move = (from: number, to: number): Promise<unknown> =>
    sql('UPDATE global_state.events SET position = $2 WHERE position = $1', [from, to]);

  /** `only`: the events whose aggregates and places alone may be named. */
  const tamperings: Record<string, () => { change: () => Promise<unknown>; named: Names[]; only?: At[] }> = {
    edit: () => {
      const at = pick(events);
      const [column, value] = pick(Object.entries(COLUMNS));
      return { change: () => sql(`UPDATE global_state.events SET ${column} = ${value} WHERE position = $1`, [at.position]), named: [isAt(at)], only: [at] };
    },
    deletion: () => {
      const at = pick(events);
      return { change: () => sql('DELETE FROM global_state.events WHERE position = $1', [at.position]), named: [isAt(at)], only: [at] };
    },
    'deletion, the rest renumbered': () => {
      const at = pick(events.slice(0, -1));
      return {
        change: async () => {
          await sql('DELETE FROM global_state.events WHERE position = $1', [at.position]);
          await sql('UPDATE global_state.events SET position = position + 100000 WHERE position > $1', [at.position]);
          await sql('UPDATE global_state.events SET position = position - 100001 WHERE position > 100000');
          await sql('UPDATE global_state.log_heads SET position = position - 1');
        },
        named: [isAt(at)],
      };
    },
    'insertion, the rest renumbered': () => {
      const at = pick(events);
      return {
        change: async () => {
          await sql('UPDATE global_state.events SET position = position + 100000 WHERE position >= $1', [at.position]);
          await sql('UPDATE global_state.events SET position = position - 99999 WHERE position >= 100000');
          await sql(`INSERT INTO global_state.events (partition, position, event_id, aggregate_type, aggregate_id, generation, version, event_type,
              schema_version, data, ops, actor, origin_region, origin_sequence, hlc, hash, committed_at)
            SELECT partition, $1::bigint, gen_random_uuid(), aggregate_type, gen_random_uuid(), 0, 1, event_type, schema_version, data, ops, actor,
              origin_region, origin_sequence, hlc, sha256(hash), committed_at FROM global_state.events WHERE position = $1::bigint + 1`, [at.position]);
          await sql('UPDATE global_state.log_heads SET position = position + 1');
        },
        named: [isAt(at)],
      };
    },
    'swap of positions': () => {
      const a = pick(events);
      const b = pick(events.filter((each) => each !== a));
      return {
        change: async () => {
          await move(a.position, 100_000);
          await move(b.position, a.position);
          await move(100_000, b.position);
        },
        named: [isAt(a), isAt(b)],
        only: [a, b],
      };
    },
    'swap of versions': () => {
      const a = pick(events);
      const b = pick(events.filter((each) => each !== a && each.aggregate_id === a.aggregate_id));
      const to = (from: number, version: number) => sql(
        'UPDATE global_state.events SET version = $2 WHERE version = $1 AND aggregate_id = $3', [from, version, a.aggregate_id]);
      return {
        change: async () => {
          await to(a.version, 1_000);
          await to(b.version, a.version);
          await to(1_000, b.version);
        },
        named: [isVersion(a), isVersion(b)],
        only: [a, b],
      };
    },
    'another version': () => {
      const at = pick(events);
      return { change: () => sql('UPDATE global_state.events SET version = version + 1000 WHERE position = $1', [at.position]), named: [isVersion(at)], only: [at] };
    },
    'another aggregate': () => {
      const at = pick(events);
      return { change: () => sql('UPDATE global_state.events SET aggregate_id = $2 WHERE position = $1', [at.position, randomUUID()]), named: [isAt(at)] };
    },
    'edit of a state': () => {
      const at = pick(events);
      const [column, value] = pick(Object.entries(STATE_COLUMNS));
      return {
        change: () => sql(`UPDATE global_state.aggregate_states SET ${column} = ${value} WHERE aggregate_id = $1`, [at.aggregate_id]),
        named: [isState(at, column)],
        only: [at],
      };
    },
    'deletion of a state': () => {
      const at = pick(events);
      return { change: () => sql('DELETE FROM global_state.aggregate_states WHERE aggregate_id = $1', [at.aggregate_id]), named: [isState(at)], only: [at] };
    },
    'insertion of a state': () => {
      const at = { ...pick(events), aggregate_id: randomUUID() };
      return {
        change: () => sql(`INSERT INTO global_state.aggregate_states
          SELECT aggregate_type, $1, partition, generation, version, deleted, data, checksum, clocks, hash, hlc, fold_generation, position, last_modified
          FROM global_state.aggregate_states WHERE aggregate_type = $2 LIMIT 1`, [at.aggregate_id, at.aggregate_type]),
        named: [isState(at)],
      };
    },
  };

  it('finds nothing in a clean log', async () => {
    expect(await check()).toEqual({
      events: 200, aggregates: 20, snapshots: expect.any(Number), roots: 4, signedThrough: 200, findings: [], truncated: false,
    });
    expect((await check()).snapshots).toBeGreaterThan(0);
  });

  it(`locates every one of ${ROUNDS} random changes`, async () => {
    const names = Object.keys(tamperings);
    const missed: unknown[] = [];
    const accused: unknown[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      // Half of them edits, as there are so many columns.
      const name = random() < 0.5 ? 'edit' : pick(names);
      const { change, named, only } = tamperings[name]!();
      const { findings } = await after(change);
      if (!named.every((names_) => findings.some(names_))) missed.push({ round, name, change: String(change), findings });
      // Nobody else is accused: a head may differ where its last event does.
      const strangers = only && findings.filter((finding) => finding.kind !== 'head' && !only.some((at) =>
        isAt(at)(finding) || (finding.aggregateId === at.aggregate_id && finding.aggregateType === at.aggregate_type)));
      if (strangers && strangers.length > 0) accused.push({ round, name, only, strangers });
    }
    expect(missed).toEqual([]);
    expect(accused).toEqual([]);
  });

  /** What somebody does who knows how hashes are made: edits an event, hashes all that follows again, and folds the state again. */
  async function rewrite(at: At): Promise<void> {
    await sql(`UPDATE global_state.events SET data = '{"n":-1}' WHERE position = $1`, [at.position]);
    // With the checks off, the hashes that verify itself expects are put in until it expects no other.
    for (let round = 0; round < 40; round += 1) {
      const { findings } = await verify(client, {});
      const wrong = findings.find((finding) => finding.kind === 'hash');
      if (!wrong) break;
      await sql('UPDATE global_state.events SET hash = decode($2, $3) WHERE position = $1', [wrong.position, wrong.expected, 'hex']);
    }
    await sql(`UPDATE global_state.aggregate_states s SET hash = e.hash FROM global_state.events e
      WHERE e.aggregate_id = s.aggregate_id AND e.aggregate_type = s.aggregate_type AND e.version = s.version`);
  }

  it('locates a change whose hashes were all made anew, which only a root can tell', async () => {
    for (const at of [events[3]!, events[120]!, events[199]!]) {
      const chain = events.filter((each) => each.aggregate_id === at.aggregate_id && each.version >= at.version);
      const { findings } = await after(() => rewrite(at));
      expect(findings.map(({ kind, position }) => ({ kind, position }))).toEqual(
        chain.map(({ position }) => ({ kind: 'signed-content', position })));
      const unsigned = await after(async () => {
        await rewrite(at);
        await sql('DELETE FROM global_state.log_roots');
      }, { roots: [] });
      expect(unsigned).toMatchObject({ findings: [], signedThrough: 0 });
    }
  });

  it('tells an end of the log that was cut off, roots and all, from a file of roots', async () => {
    const cut = async (): Promise<void> => {
      await sql('DELETE FROM global_state.events WHERE position > 180');
      await sql('DELETE FROM global_state.log_roots WHERE number > 2');
      await sql(`UPDATE global_state.log_heads SET position = 180, committed_at = (SELECT max(committed_at) FROM global_state.events)`);
    };
    const { findings } = await after(cut);
    expect(findings).toEqual(expect.arrayContaining([
      expect.objectContaining({ kind: 'position-missing', position: 181, through: 192 }),
      expect.objectContaining({ kind: 'position-missing', position: 193, through: 200 }),
      expect.objectContaining({ kind: 'root', field: 'root 3', what: expect.stringContaining('in the file but not in the table') }),
      expect.objectContaining({ kind: 'root', field: 'root 4' }),
    ]));
  });

  it.each([
    ['statement', `replace(statement, '"last":64', '"last":63')`], ['signature', 'sha512(signature)'], ['marks', 'sha256(marks)'],
    ['number', 'number + 100'],
  ])('finds a root whose %s was changed', async (column, value) => {
    const change = () => sql(`UPDATE global_state.log_roots SET ${column} = ${value} WHERE number = 1`);
    const found = expect.objectContaining({ kind: 'root', field: 'root 1' });
    expect((await after(change)).findings).toContainEqual(found);
    expect((await after(change, { roots: [] })).findings).toContainEqual(found);
  });

  it('finds roots that were deleted, and signed by another key', async () => {
    const gone = await after(() => sql('DELETE FROM global_state.log_roots WHERE number = 2'), { roots: [] });
    expect(gone.findings).toEqual([expect.objectContaining({ kind: 'root', field: 'root 2', what: expect.stringContaining('it is missing') })]);
    const other = generateKeyPairSync('ed25519');
    const forged = await after(async () => {
      await sql('DELETE FROM global_state.log_roots');
      for await (const root of signRoots(client, { key: other.privateKey })) expect(root.number).toBe(1);
    }, { roots: [] });
    expect(forged).toMatchObject({ signedThrough: 0, findings: [{ kind: 'root', what: expect.stringContaining('not one of those that were given') }] });
  });

  it('finds snapshots that are not what their events fold to', async () => {
    const other = JSON.stringify({ gold: 1 });
    const { findings } = await after(async () => {
      const { rows: [row] } = await client.query<{ clocks: string; generation: number; deleted: boolean; aggregate_id: string; version: string }>(
        'SELECT clocks::text, generation, deleted, aggregate_id, version FROM global_state.aggregate_snapshots LIMIT 1');
      const checksum = snapshotChecksum({ ...row!, data: other }); // a checksum that fits does not help
      await sql('UPDATE global_state.aggregate_snapshots SET data = $1, checksum = $2 WHERE aggregate_id = $3 AND version = $4',
        [other, checksum, row!.aggregate_id, row!.version]);
    });
    expect(findings.map(({ kind, field }) => ({ kind, field }))).toEqual([{ kind: 'snapshot', field: 'data' }, { kind: 'snapshot', field: 'checksum' }]);
  });

  it('sees both of two events at one position or version, where somebody dropped the keys of the table', async () => {
    const at = events[150]!;
    const twice = (change: string) => async () => {
      await sql('ALTER TABLE global_state.events DROP CONSTRAINT events_pkey, DROP CONSTRAINT events_version_key, DROP CONSTRAINT events_event_id_key');
      await sql('CREATE TEMP TABLE twin ON COMMIT DROP AS SELECT * FROM global_state.events WHERE position = $1', [at.position]);
      await sql(`UPDATE twin SET ${change}`);
      await sql('INSERT INTO global_state.events SELECT * FROM twin');
    };
    const positions = await after(twice('aggregate_id = gen_random_uuid()'));
    expect(positions.findings).toContainEqual(expect.objectContaining({ kind: 'position-twice', position: at.position }));
    const versions = await after(twice('position = 201'));
    expect(versions.findings).toContainEqual(expect.objectContaining({ kind: 'version-twice', aggregateId: at.aggregate_id, version: at.version }));
    const strays = await after(() => sql('UPDATE global_state.events SET partition = 7 WHERE position = $1', [at.position]));
    expect(strays.findings).toContainEqual(expect.objectContaining({ kind: 'head', partition: 7, position: at.position }));
  });

  it('finds a head that was moved, and time that runs backwards where nothing is signed', async () => {
    const ahead = await after(() => sql('UPDATE global_state.log_heads SET position = position + 5'));
    expect(ahead.findings).toEqual([expect.objectContaining({ kind: 'position-missing', position: 201, through: 205 })]);
    const later = await after(() => sql(`UPDATE global_state.log_heads SET committed_at = committed_at + interval '1 s'`));
    expect(later.findings).toEqual([expect.objectContaining({ kind: 'head', field: 'committed_at' })]);
    const back = await after(async () => {
      await sql('DELETE FROM global_state.log_roots');
      await sql(`UPDATE global_state.events SET committed_at = committed_at - interval '1 hour' WHERE position = 77`);
    }, { roots: [] });
    expect(back.findings).toContainEqual(expect.objectContaining({ kind: 'time-backwards', position: 77 }));
  });

  it('stops at a limit of findings and says so', async () => {
    const result = await after(() => sql('UPDATE global_state.events SET data = $1', ['{}']), { limit: 10 });
    expect(result.findings).toHaveLength(10);
    expect(result.truncated).toBe(true);
  });

  it('is refused by the database where triggers are on', async () => {
    for (const change of ['DELETE FROM global_state.log_roots', 'UPDATE global_state.log_roots SET number = 9', 'TRUNCATE global_state.log_roots']) {
      await expect(db.pool.query(change)).rejects.toThrow('append-only');
    }
  });
});
