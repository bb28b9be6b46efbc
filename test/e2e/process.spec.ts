import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecret, signToken } from '@app/auth';
import { createTestDatabase, eventually, type TestDatabase } from '@app/testing';
import { Program } from './support/process.js';
import { rulesFile } from './support/rules.js';

const JWT_SECRET = generateSecret();
const TOKEN = signToken(JWT_SECRET, { sub: 'spec', roles: ['service'] }, 600);

const OTHER_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

describe('the process', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gss-process-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('starts with nothing given, keeps its secret to itself, refuses a twin, and ends with 0 when told to', async () => {
    const service = new Program('main', { DATA_DIR: folder, PORT: '0' });
    const url = await service.listening();
    await eventually(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200)); // a busy machine may ask for it too early
    expect(service.output).toContain(`${url}/api/v1/docs`);
    expect((await stat(join(folder, 'jwt-secret'))).mode & 0o777).toBe(0o600);

    const token = new Program('token', { DATA_DIR: folder }, ['--role', 'viewer']);
    expect(await token.ended).toBe(0);
    const [, claims = ''] = token.output.split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ jti: expect.stringMatching(/^[\da-f-]{36}$/) });
    const read = await fetch(`${url}/api/v1/state/player/${randomUUID()}`, {
      headers: { authorization: `Bearer ${token.output.trim()}` },
    });
    expect(read.status).toBe(404);

    const twin = new Program('main', { DATA_DIR: folder, PORT: '0' });
    expect(await twin.ended).toBe(1);
    expect(twin.output).toMatch(/^The data folder .* is in use by another state-service \(pid \d+\).*\n$/);

    service.signal('SIGTERM');
    expect(await service.ended).toBe(0);
  });

  it('answers what is in flight before it ends, and is unready meanwhile', async () => {
    const db = await createTestDatabase();
    const service = new Program('main', { DATABASE_URL: db.url, JWT_SECRET, PORT: '0', LOG_LEVEL: 'error' });
    const url = await service.listening();
    // The head's lock holds every append back until this transaction ends.
    const holder = await db.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT * FROM global_state.log_heads FOR UPDATE');
    const ids = Array.from({ length: 20 }, () => randomUUID());
    const answers = ids.map((id) => publish(url, id));
    await eventually(async () => {
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('\ngss_append_queue_depth 20\n');
    });
    service.signal('SIGTERM');
    await eventually(async () => {
      // Either it takes no connection any more, or it says that it is not ready.
      expect(await fetch(`${url}/readyz`).then((answer) => answer.status, () => 503)).toBe(503);
    });
    await holder.query('COMMIT');
    holder.release();
    expect((await Promise.all(answers)).map((answer) => answer.status)).toEqual(ids.map(() => 201));
    expect([await service.ended, service.output]).toEqual([0, expect.not.stringContaining('shutdown')]);
    const { rows } = await db.pool.query('SELECT count(*)::int AS events FROM global_state.events');
    expect(rows).toEqual([{ events: 20 }]);
    await db.drop();
  });

  it('starts ten times at once on an empty database', async () => {
    const db = await createTestDatabase('template0');
    const services = Array.from({ length: 10 }, () =>
      new Program('main', { DATABASE_URL: db.url, JWT_SECRET, PORT: '0', LOG_LEVEL: 'error' }));
    const urls = await Promise.all(services.map((service) => service.listening()));
    const ids = urls.map(() => randomUUID());
    const answers = await Promise.all(urls.map((url, i) => publish(url, ids[i]!)));
    expect(answers.map((answer) => answer.status)).toEqual(urls.map(() => 201));
    await expectMigratedOnce(db);
    for (const service of services) service.signal('SIGTERM');
    expect(await Promise.all(services.map((service) => service.ended))).toEqual(services.map(() => 0));
    await db.drop();
  });

  it.each([
    [{ L1_MAX_BYTES: '0' }, /^Wrong configuration: L1_MAX_BYTES .*\n$/],
    [{ PORT: 'http' }, /^Wrong configuration: PORT must be a whole number\n$/],
    [{ DATABASE_URL: 'mysql://x' }, /^Wrong configuration: DATABASE_URL must look like postgres:.*\n$/],
    [{ DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/x' }, /^No key for tokens: set JWT_SECRET .*\n$/],
    [{ DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/x', JWT_SECRET }, /^No PostgreSQL answers at 127.0.0.1:1\/x .*\n$/],
    [{ JWT_SECRET: 'short' }, /^Wrong configuration: JWT_SECRET must have at least 32 bytes\n$/],
    [{ JWT_SECRET, JWKS_URI: 'https://keys.example' }, /^Set only one of JWT_SECRET, .*\n$/],
    [{ JWT_PUBLIC_KEY: 'no pem' }, /^Wrong configuration: JWT_PUBLIC_KEY must be .*\n$/],
    [{ LOG_LEVEL: 'loud' }, /^Wrong configuration: LOG_LEVEL .*\n$/],
    [{ RULES_FILE: '/nowhere/rules.json' }, /^RULES_FILE cannot be read: ENOENT.*\n$/],
    [{ ROOT_SIGNING_KEY: 'secret@' }, /^Wrong configuration: ROOT_SIGNING_KEY must be a private key of Ed25519 in PEM form\n$/],
    [{ ROOT_SIGNING_KEY: OTHER_KEY }, /^Wrong configuration: ROOT_SIGNING_KEY must be .*\n$/],
    [{ ROOTS_EVERY_SECONDS: '0' }, /^Wrong configuration: ROOTS_EVERY_SECONDS .*\n$/],
    [{ REGION_ID: 'Not A Region' }, /^Wrong configuration: REGION_ID must be .*\n$/],
  ])('ends with 1 and one line for %j', async (env, line) => {
    const service = new Program('main', { DATA_DIR: folder, ...env });
    expect(await service.ended).toBe(1);
    expect(service.output).toMatch(line);
    expect(service.output).not.toContain('secret@');
  });

  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /^RULES_FILE \S+ is not JSON\n$/],
    ['an unknown mode', { modes: { 'combat-winner-stays': 'loud' } }, /^RULES_FILE \S+ is wrong: modes.combat-winner-stays .*\n$/],
    ['half a rule', { rules: [{ id: 'a', kind: 'rate' }] }, /^RULES_FILE \S+ is wrong: rules.0.aggregateType .*\n$/],
    ['a rule that is not there', { modes: { nobody: 'off' } }, /^RULES_FILE is wrong: modes names the rule nobody, .*\n$/],
  ])('ends with 1 and one line for a rules file with %s', async (_what, content, line) => {
    const [db, file] = await Promise.all([createTestDatabase(), rulesFile(content)]);
    const service = new Program('main', { DATABASE_URL: db.url, JWT_SECRET, RULES_FILE: file.path, PORT: '0', LOG_LEVEL: 'silent' });
    expect(await service.ended).toBe(1);
    expect(service.output).toMatch(line);
    await Promise.all([db.drop(), file.remove()]);
  });

  it('ends with 1 and one line when its port is taken', async () => {
    const db = await createTestDatabase();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const service = new Program('main', { DATABASE_URL: db.url, JWT_SECRET, PORT: String(port), LOG_LEVEL: 'silent' });
    expect(await service.ended).toBe(1);
    expect(service.output).toBe(`Port ${port} is in use: stop what listens there, or set PORT\n`);
    other.close();
    await db.drop();
  });
});

function publish(url: string, aggregateId: string): Promise<Response> {
  return fetch(`${url}/api/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ eventType: 'Joined', aggregateType: 'world', aggregateId, eventData: { a: 1 } }),
  });
}

async function expectMigratedOnce(db: TestDatabase): Promise<void> {
  const { rows } = await db.pool.query('SELECT name, count(*)::int AS times FROM global_state.migrations GROUP BY name');
  expect(rows.every((row: { times: number }) => row.times === 1)).toBe(true);
  expect(rows.length).toBeGreaterThan(0);
}
