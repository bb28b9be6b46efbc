import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStore } from '@app/event-store';
import { createTestDatabase, type TestDatabase } from '@app/testing';

const START = join(__dirname, '../../state-service/start.mjs');

interface Ended { code: number; out: string; err: string }

describe('the command line', () => {
  let db: TestDatabase;
  let dataDir: string;

  beforeAll(async () => {
    db = await createTestDatabase();
    dataDir = await mkdtemp(join(tmpdir(), 'gss-cli-'));
    const store = new EventStore(db.pool, { origin: 'spec', databaseUrl: db.url, snapshotEvery: 2 }, {
      groupCommitted: () => undefined, verdict: () => undefined,
    });
    await Promise.all(Array.from({ length: 50 }, async () => {
      const id = randomUUID();
      for (let n = 1; n <= 3; n += 1) {
        await store.execute({
          aggregates: [{ type: 'player', id }], context: { actor: 'spec' },
          decide: () => [[{ type: 'Changed', schemaVersion: 1, data: { n }, ops: [['inc', '/gold', 'sum', 1, n]] }]],
        });
      }
    }));
    await store.close();
  });
  afterAll(async () => {
    await db.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const cli = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> => new Promise((resolve) => {
    execFile(process.execPath, [START, 'cli', ...args], {
      env: { PATH: process.env['PATH'], DATABASE_URL: db.url, DATA_DIR: dataDir, ...env }, maxBuffer: 2 ** 26,
    }, (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }));
  });
  const tamper = async (sql: string): Promise<void> => {
    const client = await db.pool.connect();
    await client.query('SET session_replication_role = replica');
    await client.query(sql);
    await client.query('RESET session_replication_role');
    client.release();
  };

  it('signs, exports and verifies; a change of log and roots together is found by the file', async () => {
    expect(await cli(['verify', '-o', 'json'])).toMatchObject({ code: 0, out: expect.stringContaining('"signedThrough":0') });
    const signed = await cli(['roots', 'sign', '--every', '100', '--full']);
    expect(signed).toMatchObject({ code: 0, err: expect.stringContaining('Signed 1 roots') });
    expect((await stat(join(dataDir, 'root-signing-key.pem'))).mode & 0o777).toBe(0o600);
    const rest = await cli(['roots', 'sign']);
    expect(rest.err).toContain('Signed 1 roots');
    expect(await cli(['roots', 'sign'])).toMatchObject({ code: 0, out: '', err: 'Nothing to sign\n' });
    const exported = await cli(['roots', 'export']);
    expect(exported.out).toBe(signed.out + rest.out);
    const file = join(dataDir, 'roots.jsonl');
    await writeFile(file, exported.out);

    const clean = await cli(['verify', '--roots', file, '--lanes', '3', '-o', 'json']);
    expect(clean.code).toBe(0);
    expect(JSON.parse(clean.out)).toMatchObject({
      events: 150, aggregates: 50, snapshots: 50, roots: 2, signedThrough: 150, findings: [], truncated: false,
    });

    await tamper('DELETE FROM global_state.log_roots');
    await tamper(`UPDATE global_state.events SET committed_at = committed_at + interval '1 ms' WHERE position = 120`);
    expect((await cli(['verify', '--lanes', '1'])).out).not.toContain('signed-content');
    for (const lanes of ['1', '2']) {
      const found = await cli(['verify', '--roots', file, '--lanes', lanes]);
      expect(found.code).toBe(1);
      expect(found.out).toMatch(/ {2}position 120 player\/[0-9a-f-]{36}@\d signed-content: /);
      expect(found.out).toContain('root 1 of partition 0: it is in the file but not in the table');
    }
    // It is where the service would keep what it has seen.
    expect(await cli(['roots', 'sign'])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('root 2 of partition 0 is gone') });
  });

  it('says with exit code 2 why it could not run', async () => {
    const wrong: [readonly string[], NodeJS.ProcessEnv, string][] = [
      [['verify', '--no'], {}, '--help names the options'],
      [['verify', '--roots', join(dataDir, 'none')], {}, 'cannot be read'],
      [['verify', '--roots', START], {}, 'line 1 is no root'],
      [['verify', '--public-key', START], {}, 'holds no key'],
      [['roots', 'sign'], { ROOT_SIGNING_KEY: 'x' }, 'ROOT_SIGNING_KEY holds no key'],
      [['verify'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, 'ECONNREFUSED'],
      [['verify'], { DATABASE_URL: '', DATA_DIR: join(dataDir, 'empty') }, 'There is no database in'],
      [['verify', '--lanes', '2'], { DATABASE_URL: db.url.replace(/gss_[0-9a-f]+/, 'postgres') }, 'start the service once'],
    ];
    for (const [args, env, message] of wrong) {
      const ended = await cli(args, env);
      expect(ended).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) });
      expect(ended.err.trim().split('\n')).toHaveLength(1);
    }
  });
});
