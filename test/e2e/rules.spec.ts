import { randomUUID } from 'node:crypto';
import { verify } from '@app/integrity';
import { createApp } from '../../apps/state-service/src/app.js';
import { readConfig } from '../../apps/state-service/src/config.js';
import { Lifecycle } from '../../apps/state-service/src/lifecycle.js';
import { rulesFile } from './support/rules.js';
import { type Answer, fresh, type Service, startService } from './support/service.js';

describe('rules on what is written', () => {
  let service: Service;
  let file: Awaited<ReturnType<typeof rulesFile>>;

  beforeAll(async () => {
    file = await rulesFile();
    service = await startService({ RULES_FILE: file.path });
  });
  afterAll(async () => {
    await service.stop();
    await file.remove();
  });

  const publish = (id: string, eventData: object, more: object = {}): Promise<Answer> =>
    service.ask('POST', '/api/v1/events', { body: { eventType: 'Happened', aggregateType: 'player', aggregateId: id, eventData, ...more } });
  const player = async (data: object): Promise<string> => {
    const { id } = fresh();
    expect((await publish(id, data)).status).toBe(201);
    return id;
  };
  const stateOf = async (id: string): Promise<Record<string, unknown>> => (await service.ask('GET', `/api/v1/state/player/${id}?consistency=strong`)).body;
  const together = (...changes: [id: string, changes: object][]): Promise<Answer> => service.ask('POST', '/api/v1/commands/transaction', {
    body: { changes: changes.map(([aggregateId, change]) => ({ aggregateType: 'player', aggregateId, changes: change })) },
  });
  /** What is stored with an aggregate's newest event. */
  const markOf = async (id: string): Promise<Record<string, unknown>> => {
    const { rows: [row] } = await service.db.pool.query<{ mark: Record<string, unknown> | null }>(
      `SELECT metadata -> '$rules' AS mark FROM global_state.events WHERE aggregate_id = $1 ORDER BY version DESC LIMIT 1`, [id]);
    return row!.mark ?? {};
  };
  const violationsOf = async (id: string): Promise<unknown> => (await markOf(id))['violations'];
  const refusal = (rule: string, path: string, details: object = {}) =>
    ({ status: 422, body: { error: 'RULE_VIOLATION', details: { rule, path, ...details } } });

  it.each<[string, object, object, string, string]>([
    ['bounds', { level: 5 }, { level: 101 }, 'top-level', '/level'],
    ['monotonic', { losses: 5 }, { losses: { $inc: -1 } }, 'player-losses-never-fall', '/losses'],
    ['monotonic, deleted', { losses: 5 }, { losses: null }, 'player-losses-never-fall', '/losses'],
    ['rate', { gold: 400 }, { gold: { $inc: 601 } }, 'gold-an-hour', '/gold'],
  ])('reject refuses and changes nothing: %s', async (_kind, before, change, rule, path) => {
    const id = await player(before);
    const was = await stateOf(id);
    expect(await publish(id, change)).toMatchObject(refusal(rule, path));
    expect(await service.ask('PUT', `/api/v1/state/player/${id}`, { body: { changes: change, expectedVersion: 1 } })).toMatchObject(refusal(rule, path));
    const headers = { 'content-type': 'application/merge-patch+json' };
    expect(await service.ask('PATCH', `/api/v1/state/player/${id}`, { body: change, headers })).toMatchObject(refusal(rule, path));
    expect(await together([id, change], [randomUUID(), { name: 'x' }])).toMatchObject(refusal(rule, path, { index: 0, aggregateId: id }));
    const batch = await service.ask('POST', '/api/v1/events/batch', { body: { events: [
      { eventType: 'X', aggregateType: 'player', aggregateId: id, eventData: change }, { eventType: 'X', aggregateType: 'player', aggregateId: id, eventData: { name: 'x' } },
    ] } });
    expect(batch.body).toMatchObject({ accepted: 1, refused: 1, results: [{ code: '422', details: { rule } }, { code: '201' }] });
    expect(await stateOf(id)).toMatchObject({ version: 2, data: { ...(was['data'] as object), name: 'x' } });
  });

  it.each<[string, object, object, object]>([
    ['bounds', { level: 5 }, { level: 95 }, { rule: 'odd-level', kind: 'bounds', mode: 'flag', path: '/level', before: 5, after: 95, measured: 95, limit: 90 }],
    ['monotonic', { level: 5 }, { level: 4 }, { rule: 'player-level-never-falls', kind: 'monotonic', mode: 'quarantine', path: '/level', before: 5, after: 4 }],
    ['rate', { currencies: { gems: 60 } }, { currencies: { gems: { $inc: 50 } } },
      { rule: 'gems-an-hour', kind: 'rate', mode: 'flag', path: '/currencies/gems', before: 60, after: 110, measured: 110, limit: 100 }],
    ['transition', { banned: true }, { banned: false }, { rule: 'unbanned', kind: 'transition', mode: 'quarantine', path: '/banned', before: true, after: false }],
  ])('flag and quarantine accept, and store what was broken with the event: %s', async (_kind, before, change, violation) => {
    const id = await player(before);
    expect(await markOf(id)).toEqual({});
    expect((await publish(id, change, { metadata: { why: 'test' } })).status).toBe(201);
    expect(await violationsOf(id)).toEqual([violation]);
    const { body } = await service.ask('GET', `/api/v1/events/player/${id}`);
    expect((body['events'] as { metadata: object }[]).at(-1)!.metadata).toEqual({ why: 'test' });
  });

  it('a rule that is off says nothing, and a path without rules neither', async () => {
    const id = await player({ wins: 5 });
    await publish(id, { wins: 3, other: { level: 1000 } });
    expect(await markOf(id)).toEqual({});
  });

  it('conserve: what leaves one enters another, or the command is refused as a whole', async () => {
    const [from, to] = [await player({ inventory: { gem: 3 } }), await player({ rating: 10 })];
    expect((await together([from, { inventory: { gem: { $inc: -2 } } }], [to, { inventory: { gem: 2 } }])).status).toBe(200);
    expect(await together([from, { inventory: { gem: { $inc: -1 } } }], [to, { inventory: { gem: { $inc: 2 } } }]))
      .toMatchObject(refusal('items-conserved', '/inventory/gem', { index: 1, aggregateId: to, measured: 1 }));
    expect((await together([from, { rating: -1 }], [to, { rating: { $inc: 9 } }])).status).toBe(200);
    expect([await markOf(from), await violationsOf(to)])
      .toEqual([{}, [{ rule: 'rating-conserved', kind: 'conserve', mode: 'flag', path: '/rating', before: 10, after: 19, measured: 8, limit: 0 }]]);
    expect((await publish(from, { inventory: { gem: 50 } })).status).toBe(201); // alone it is not looked at
  });

  it('counts over deletion and revival: a window is not left by dying', async () => {
    const id = await player({ gold: 900 });
    expect((await service.ask('DELETE', `/api/v1/state/player/${id}`)).status).toBe(204);
    expect(await publish(id, { gold: 101 })).toMatchObject(refusal('gold-an-hour', '/gold'));
    expect((await publish(id, { gold: 100 })).status).toBe(201);
  });

  it('takes what the rules say from nobody else', async () => {
    const { id, state } = fresh();
    const metadata = { $rules: { exempt: true } };
    const wrong = { status: 400, body: { error: 'VALIDATION_ERROR', details: { issues: [{ path: '/metadata/$rules' }] } } };
    expect(await publish(id, { gold: 5_000 }, { metadata })).toMatchObject(wrong);
    expect(await service.ask('PUT', state, { body: { changes: { gold: 5_000 }, expectedVersion: 0, metadata } })).toMatchObject(wrong);
    const item = { aggregateType: 'player', aggregateId: id, changes: { gold: 5_000 } };
    expect(await service.ask('POST', '/api/v1/commands/transaction', { body: { changes: [item, { ...item, aggregateId: randomUUID() }], metadata } })).toMatchObject(wrong);
    for (const eventType of ['StateRolledBack', 'StateRollbackUndone']) {
      expect(await publish(id, { gold: 5_000 }, { eventType })).toMatchObject(refusal('gold-an-hour', '/gold'));
    }
    expect((await service.ask('GET', state)).status).toBe(404);
  });

  it('is part of what the hash of an event covers', async () => {
    const id = await player({ level: 1 });
    await publish(id, { level: 95 });
    const client = await service.db.pool.connect();
    const findings = async (): Promise<unknown[]> => (await verify(client)).findings.map(({ kind, aggregateId }) => [kind, aggregateId]);
    expect(await findings()).toEqual([]);
    await client.query('BEGIN');
    await client.query('ALTER TABLE global_state.events DISABLE TRIGGER USER');
    await client.query(`UPDATE global_state.events SET metadata = NULL WHERE aggregate_id = $1 AND version = 2`, [id]);
    expect(await findings()).toEqual([['hash', id]]);
    await client.query('ROLLBACK');
    client.release();
  });

  it('knows a flagged event again that is sent twice', async () => {
    const id = await player({ level: 1 });
    const event = { eventId: randomUUID(), metadata: { why: 'x' } };
    const first = await publish(id, { level: 95 }, event);
    const second = await publish(id, { level: 95 }, event);
    expect([second.status, second.body, second.headers.get('idempotent-replayed')]).toEqual([201, first.body, 'true']);
    expect(await publish(id, { level: 95 }, { ...event, metadata: { why: 'y' } })).toMatchObject({ status: 422, body: { error: 'EVENT_ID_REUSED' } });
  });

  it('exempts a rollback, whose amounts no longer count as come in', async () => {
    const id = await player({ gold: 100, losses: 1 });
    await publish(id, { gold: { $inc: 900 }, losses: { $inc: 5 } });
    expect(await publish(id, { gold: { $inc: 1 } })).toMatchObject(refusal('gold-an-hour', '/gold'));
    const operator = service.token('operator');
    const scope = { aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } };
    const { body: { rollbackId } } = await service.ask('POST', '/api/v1/rollbacks', { token: operator, body: { scope } });
    expect((await service.ask('POST', `/api/v1/rollbacks/${String(rollbackId)}/execute`, { token: operator, body: { reason: 'x', confirm: '1' } })).status).toBe(200);
    expect([(await stateOf(id))['data'], await markOf(id)]).toEqual([{ gold: 100, losses: 1 }, { exempt: true }]);
    expect((await publish(id, { gold: { $inc: 900 } })).status).toBe(201);
    expect(await publish(id, { gold: { $inc: 1 } })).toMatchObject(refusal('gold-an-hour', '/gold'));
  });

  it('lets two instances together accept no more than the maximum of a window', async () => {
    const config = readConfig({ LOG_LEVEL: 'silent', DATABASE_URL: service.db.url, JWT_SECRET: service.secret, PORT: '0', RULES_FILE: file.path });
    const second = await createApp({ ...config, databaseUrl: service.db.url, jwtKey: { kind: 'secret', secret: service.secret } }, new Lifecycle());
    await second.listen(0, '127.0.0.1');
    const urls = [service.url, await second.getUrl()];
    const id = await player({ gold: 0 });
    const headers = { authorization: `Bearer ${service.token('service')}`, 'content-type': 'application/json' };
    const gains = Array.from({ length: 200 }, (_, i) => ({ url: urls[i % 2]!, amount: 1 + (i * 7) % 23 }));
    const answers = await Promise.all(gains.map(async ({ url, amount }) => {
      const body = JSON.stringify({ eventId: randomUUID(), eventType: 'Found', aggregateType: 'player', aggregateId: id, eventData: { gold: { $inc: amount } } });
      for (;;) {
        const { status } = await fetch(`${url}/api/v1/events`, { method: 'POST', headers, body });
        if (status !== 503) return { status, amount }; // a machine that is busy with other things sheds load
      }
    }));
    await second.close();
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 422]));
    const gained = answers.reduce((sum, { status, amount }) => sum + (status === 201 ? amount : 0), 0);
    expect((await stateOf(id))['data']).toEqual({ gold: gained });
    expect(gained).toBeLessThanOrEqual(1_000);
    expect(gained).toBeGreaterThan(1_000 - 23); // the last that was refused would have passed it
  });
});
