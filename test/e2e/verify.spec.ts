import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signRoots, storedRoots, verify } from '@app/integrity';
import { eventually } from '@app/testing';
import { type Answer, type Service, startService } from './support/service.js';
import { publishAll, startTwin } from './support/streaming.js';

const CLI = join(__dirname, '../../dist/apps/cli/src/main.js');
const WITHIN_MS = 60_000;

interface Verified { events: number; roots: number; keptRoots: number; signedThrough: number; signatures: string; truncated: boolean; findings: { kind: string }[] }
type Operation = Answer['body'] & { operationId: string; status: string; result: Verified };

const { privateKey } = generateKeyPairSync('ed25519');
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

const operator = (service: Service): string => service.token('operator');
const start = (service: Service, body: object = {}, token = operator(service)): Promise<Answer> =>
  service.ask('POST', '/api/v1/operations/verify', { body, token });
const reach = (service: Service, id: unknown, status: string): Promise<Operation> => eventually(async () => {
  const { body } = await service.ask('GET', `/api/v1/operations/${String(id)}`, { token: operator(service) });
  expect(body['status']).toBe(status);
  return body as Operation;
}, WITHIN_MS);
const verified = async (service: Service, body: object = {}): Promise<Operation> => {
  const begun = await start(service, body);
  expect([begun.status, begun.headers.get('location')]).toEqual([202, `/api/v1/operations/${String(begun.body['operationId'])}`]);
  return reach(service, begun.body['operationId'], 'completed');
};
const publish = async (service: Service, aggregateId: string, events: number): Promise<void> =>
  publishAll(service, Array.from({ length: events }, (_, n) => ({ aggregateId, eventData: { gold: n } })));
const headOf = async ({ db }: Service): Promise<number> =>
  (await db.pool.query<{ position: number }>('SELECT position::float8 AS position FROM global_state.log_heads')).rows[0]!.position;
/** As a superuser who turns the triggers off. */
const tamper = async ({ db }: Service, sql: string, values: readonly unknown[] = []): Promise<void> => {
  const client = await db.pool.connect();
  await client.query('SET session_replication_role = replica');
  await client.query(sql, [...values]);
  await client.query('RESET session_replication_role');
  client.release();
};

describe('the log of instances that sign it', () => {
  let service: Service;
  let twin: Awaited<ReturnType<typeof startTwin>>;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gss-roots-'));
    const env = { ROOT_SIGNING_KEY: PEM.replaceAll('\n', '\\n'), ROOTS_EVERY_SECONDS: '1' };
    service = await startService({ ...env, ROOTS_FILE: join(folder, 'roots.jsonl') });
    twin = await startTwin(service, { ...env, DATA_DIR: join(folder, 'twin') });
  });
  afterAll(async () => {
    await twin.stop();
    await service.stop();
    await rm(folder, { recursive: true });
  });

  it('is covered by roots once, as both instances tell, and nothing of the key is stored', async () => {
    const id = randomUUID();
    for (let batch = 0; batch < 2; batch += 1) {
      await publish(service, id, 100);
      const head = await headOf(service);
      for (const url of [service.url, twin.url]) {
        await eventually(async () => {
          const metrics = await (await fetch(`${url}/metrics`)).text();
          expect(metrics).toContain(`\ngss_root_signed_position ${head}\n`);
          expect(metrics).toMatch(/\ngss_root_signed_age_seconds \d/);
        }, WITHIN_MS);
      }
    }
    let signed = 0;
    for await (const { statement } of storedRoots(service.db.pool)) {
      const { first, last } = JSON.parse(statement) as { first: number; last: number };
      expect(first).toBe(signed + 1);
      signed = last;
    }
    expect(signed).toBe(await headOf(service));
    const { rows } = await service.db.pool.query<{ text: string }>('SELECT string_agg(r::text, \'\') AS text FROM global_state.log_roots AS r');
    expect(rows[0]!.text).not.toContain(privateKey.export({ format: 'jwk' }).d);
  });

  it('is verified by an operation, which says what it has checked', async () => {
    const head = await headOf(service);
    const { result, parameters, progress, unit, done, total } = await verified(service, { reason: 'a trial' });
    expect(result).toMatchObject({ events: head, signedThrough: head, signatures: 'checked', findings: [], truncated: false, seconds: expect.any(Number) });
    expect(result.roots).toBeGreaterThan(0);
    expect(result.keptRoots).toBeGreaterThan(0);
    expect({ parameters, progress, unit, done, total }).toEqual({
      parameters: { limit: 1_000, reason: 'a trial' }, progress: 1, unit: 'events', done: 2 * head, total: 2 * head,
    });
  });

  it('is found to be changed where it was changed, also by the command line', async () => {
    const id = randomUUID();
    await publish(service, id, 3);
    await tamper(service, `UPDATE global_state.events SET data = '{"gold":1000000}' WHERE aggregate_id = $1 AND version = 2`, [id]);
    await tamper(service, `UPDATE global_state.aggregate_states SET data = '{"gold":1000000}' WHERE aggregate_id = $1`, [id]);
    const at = { aggregateType: 'player', aggregateId: id };
    const { result } = await verified(service);
    expect(result.findings).toEqual([
      expect.objectContaining({ ...at, kind: 'hash', version: 2 }), expect.objectContaining({ ...at, kind: 'state', field: 'data' }),
    ]);
    const limited = await verified(service, { limit: 1 });
    expect(limited.result).toMatchObject({ findings: [expect.anything()], truncated: true });
    const ended = await new Promise<{ code: unknown; out: string }>((resolve) => {
      execFile(process.execPath, [CLI, 'operations', 'verify', '--wait'], {
        env: { PATH: process.env['PATH'], GSS_URL: service.url, GSS_TOKEN: operator(service) },
      }, (error, out) => resolve({ code: error?.code ?? 0, out }));
    });
    expect(ended).toEqual({ code: 1, out: expect.stringMatching(new RegExp(`verify .*completed[^]*\\n {2}finding .*"hash".*${id}`)) });
  });
});

describe('a superuser who takes the roots away to rewrite the log', () => {
  let service: Service;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gss-roots-'));
    service = await startService({ ROOT_SIGNING_KEY: PEM.replaceAll('\n', '\\n'), ROOTS_EVERY_SECONDS: '1', DATA_DIR: folder });
  });
  afterAll(async () => {
    await service.stop();
    await rm(folder, { recursive: true });
  });

  it('does not get the lie signed, and is found by the file of roots', async () => {
    const id = randomUUID();
    const metrics = async (): Promise<string> => (await fetch(`${service.url}/metrics`)).text();
    for (let n = 0; n < 5; n += 1) await publish(service, id, 1);
    await eventually(async () => expect(await metrics()).toContain('\ngss_root_signed_position 5\n'), WITHIN_MS);
    const client = await service.db.pool.connect();
    await client.query('SET session_replication_role = replica');
    await client.query('BEGIN');
    await client.query('DELETE FROM global_state.log_roots');
    await client.query(`UPDATE global_state.events SET data = '{"gold":999}', ops = '[["set","/gold","bcounter",999]]' WHERE aggregate_id = $1 AND version = 5`, [id]);
    const hash = (await verify(client)).findings.find(({ kind }) => kind === 'hash')!.expected;
    await client.query(`UPDATE global_state.events SET hash = decode($2, 'hex') WHERE aggregate_id = $1 AND version = 5`, [id, hash]);
    await client.query(`UPDATE global_state.aggregate_states SET hash = decode($2, 'hex'), data = '{"gold":999}', checksum = sha256('{"gold":999}') WHERE aggregate_id = $1`, [id, hash]);
    await client.query('COMMIT');
    expect((await verify(client)).findings).toEqual([]); // the database by itself tells nothing
    await client.query('RESET session_replication_role');
    client.release();
    await eventually(async () => expect(await metrics()).toContain('\ngss_root_alarm 1\n'), WITHIN_MS);
    expect((await service.db.pool.query('SELECT FROM global_state.log_roots')).rowCount).toBe(0);
    const { findings } = (await verified(service)).result;
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'signed-content', position: 5, aggregateId: id, version: 5 }));
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'root', what: expect.stringContaining('it is in the file but not in the table') }));
  });
});

describe('the log of an instance without a key', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
    await publish(service, randomUUID(), 20);
    for await (const _root of signRoots(service.db.pool, { key: privateKey, every: 5 }));
  });
  afterAll(async () => {
    await service.stop();
  });

  it('is held against its roots without their signatures, and that is said', async () => {
    const { result } = await verified(service);
    expect(result).toMatchObject({ events: 20, roots: 4, signedThrough: 20, signatures: 'unchecked', findings: [] });
    expect((await (await fetch(`${service.url}/metrics`)).text())).not.toContain('gss_root_signed');
    await tamper(service, 'UPDATE global_state.events SET committed_at = committed_at - interval \'1 hour\' WHERE position = 1');
    await tamper(service, 'DELETE FROM global_state.log_roots WHERE number = 3');
    const { findings } = (await verified(service)).result;
    expect(findings.map(({ kind }) => kind).sort()).toEqual(['root', 'signed-content']);
  });

  it('is verified once at a time, until it is cancelled, and then from the start', async () => {
    const holder = await service.db.pool.connect();
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE global_state.log_roots IN ACCESS EXCLUSIVE MODE'); // what is read first
    const { operationId } = (await start(service)).body;
    await reach(service, operationId, 'running');
    await eventually(async () => {
      const { rows } = await service.db.pool.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'gss-verify' AND wait_event_type = 'Lock'`);
      expect(rows).toHaveLength(1);
    }, WITHIN_MS);
    expect(await start(service)).toMatchObject({ status: 409, body: { error: 'OPERATION_CONFLICT', details: { operationId } } });
    await service.ask('POST', `/api/v1/operations/${String(operationId)}/cancel`, { token: operator(service) });
    try {
      await reach(service, operationId, 'cancelled'); // while it cannot go on
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
    await service.ask('POST', `/api/v1/operations/${String(operationId)}/resume`, { token: operator(service) });
    expect((await reach(service, operationId, 'completed')).result).toMatchObject({ events: 20 });
    await eventually(async () => {
      expect((await service.db.pool.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'gss-verify'`)).rows).toEqual([]);
    }, WITHIN_MS);
  });

  it.each([{ limit: 0 }, { limit: 1_001 }, { limit: '5' }, { aggregateType: 'player' }])('is not verified by %j', async (body) => {
    expect(await start(service, body)).toMatchObject({ status: 400, body: { error: 'VALIDATION_ERROR' } });
  });

  it('is not for those who may see some types only', async () => {
    expect((await start(service, {}, service.token('service'))).status).toBe(403);
    expect((await start(service, {}, service.token('operator', { aggregateTypes: ['player'] }))).status).toBe(403);
  });
});
