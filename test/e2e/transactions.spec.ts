import { randomUUID } from 'node:crypto';
import { eventually } from '@app/testing';
import { createApp } from '../../apps/state-service/src/app.js';
import { readConfig } from '../../apps/state-service/src/config.js';
import { Lifecycle } from '../../apps/state-service/src/lifecycle.js';
import { type Answer, fresh, type Service, startService } from './support/service.js';

const PATH = '/api/v1/commands/transaction';
/** For a long run: TRADES=10000 took 34 s on two processors at load 5; the total was unchanged, nobody met a deadlock or a conflict. */
const TRADES = Number(process.env['TRADES'] ?? 2_000);

describe('transactions over HTTP', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  const player = async (gold = 100): Promise<string> => {
    const { id, state } = fresh();
    expect(await service.ask('PUT', state, { body: { changes: { gold }, expectedVersion: 0 } })).toMatchObject({ status: 200 });
    return id;
  };
  const give = (id: string, gold: number, more: object = {}) =>
    ({ aggregateType: 'player', aggregateId: id, changes: { gold: { $inc: gold } }, ...more });
  const transact = (changes: object[], more: object = {}, headers: Record<string, string> = {}, token?: string): Promise<Answer> =>
    service.ask('POST', PATH, { body: { changes, ...more }, headers, ...(token !== undefined && { token }) });
  const stateOf = async (id: string, type = 'player'): Promise<Record<string, unknown>> =>
    (await service.ask('GET', `/api/v1/state/${type}/${id}?consistency=strong`)).body;
  const conserve = { rule: 'conserve', conserve: ['gold'] };

  it('changes all, with one correlation id and one answer for each in its order', async () => {
    const [from, to] = [await player(), await player()];
    const guild = randomUUID();
    const answer = await transact([
      give(from, -30, { expectedVersion: 1 }), give(to, 20), { aggregateType: 'guild', aggregateId: guild, changes: { treasury: { gold: 10 } }, expectedVersion: 0 },
    ], { ...conserve, metadata: { why: 'dues' } });
    expect(answer).toMatchObject({
      status: 200, body: { results: [
        { aggregateType: 'player', aggregateId: from, newVersion: 2, appliedChanges: { gold: 70 } },
        { aggregateId: to, newVersion: 2, appliedChanges: { gold: 120 } },
        { aggregateType: 'guild', aggregateId: guild, newVersion: 1, appliedChanges: { treasury: { gold: 10 } } },
      ] },
    });
    expect(answer.headers.get('x-position')).toBeTruthy();
    const events = await Promise.all([`player/${from}`, `player/${to}`, `guild/${guild}`].map(async (key) => {
      const { body } = await service.ask('GET', `/api/v1/events/${key}`);
      return (body['events'] as { correlationId: string; metadata: object }[]).at(-1)!;
    }));
    expect(new Set(events.map(({ correlationId }) => correlationId)).size).toBe(1);
    expect(events[0]!.metadata).toEqual({ why: 'dues' });
  });

  it('changes none where one is refused, and names it', async () => {
    const [from, to] = [await player(), await player()];
    const before = [await stateOf(from), await stateOf(to)];
    expect(await transact([give(from, -30), give(to, 30, { expectedVersion: 9 })])).toMatchObject({
      status: 409, body: { error: 'VERSION_CONFLICT', details: { index: 1, aggregateType: 'player', aggregateId: to, currentVersion: 1 } },
    });
    expect(await transact([give(from, 30), give(to, -101)])).toMatchObject({
      status: 422, body: { error: 'RULE_VIOLATION', details: { index: 1, rule: 'min', path: '/gold' } },
    });
    expect(await transact([give(from, -30), give(randomUUID(), 30, { expectedVersion: 4 })])).toMatchObject({
      status: 404, body: { error: 'STATE_NOT_FOUND', details: { index: 1 } },
    });
    expect([await stateOf(from), await stateOf(to)]).toEqual(before);
  });

  it('conserves what it is told to, wherever it lies', async () => {
    const [from, to] = [await player(), await player()];
    expect(await transact([give(from, -30), give(to, 31)], conserve)).toMatchObject({
      status: 422, body: { error: 'RULE_VIOLATION', details: { rule: 'conserve', path: '/gold', difference: 1 } },
    });
    expect(await transact([give(from, -30), give(to, 31)])).toMatchObject({ status: 200 });
    const deep = (amount: number) => ({ bag: { gems: { $inc: amount } } });
    const items = (a: number, b: number) => [
      { aggregateType: 'player', aggregateId: from, changes: deep(a) }, { aggregateType: 'player', aggregateId: to, changes: deep(b) },
    ];
    expect((await transact(items(5, -5), { rule: 'conserve', conserve: ['/bag/gems'] })).status).toBe(200);
    expect((await transact(items(5, -4), { rule: 'conserve', conserve: ['/bag/gems'] })).status).toBe(422);
    const text = [{ aggregateType: 'player', aggregateId: from, changes: { gold: null } }, give(to, 0)];
    expect((await transact(text, conserve)).body).toMatchObject({ error: 'RULE_VIOLATION' });
  });

  it('conserves a field where each type keeps it: gold of a player goes into the treasury of a guild, and back', async () => {
    const [id, guild] = [await player(), randomUUID()];
    const pay = (out: number, into: number, names: string[]) => transact([
      give(id, -out), { aggregateType: 'guild', aggregateId: guild, changes: { treasury: { gold: { $inc: into } } } },
    ], { rule: 'conserve', conserve: names });
    for (const names of [['gold'], ['/treasury/gold'], ['gold', '/treasury/gold']]) {
      expect(await pay(30, 31, names)).toMatchObject({
        status: 422, body: { error: 'RULE_VIOLATION', details: { rule: 'conserve', path: names[0]!.replace(/^gold$/, '/gold'), difference: 1 } },
      });
      expect((await pay(30, 30, names)).status).toBe(200);
    }
    expect((await pay(-80, -80, ['gold'])).status).toBe(200);
    expect([(await stateOf(id))['data'], (await stateOf(guild, 'guild'))['data']]).toEqual([{ gold: 90 }, { treasury: { gold: 10 } }]);
  });

  it('says what caused it, so that causation is followed through trades', async () => {
    const [from, to, causationId] = [await player(), await player(), randomUUID()];
    expect((await transact([give(from, -1), give(to, 1)], { causationId })).status).toBe(200);
    for (const id of [from, to]) {
      const { body } = await service.ask('GET', `/api/v1/events/player/${id}`);
      expect((body['events'] as object[]).at(-1)).toMatchObject({ causationId });
    }
    expect((await transact([give(from, -1), give(to, 1)], { causationId: 'that one' })).status).toBe(400);
  });

  it('is done once under an Idempotency-Key', async () => {
    const [from, to] = [await player(), await player()];
    const again = () => transact([give(from, -5), give(to, 5)], conserve, { 'idempotency-key': `trade-${from}` });
    const [first, second] = [await again(), await again()];
    expect(second.body).toEqual(first.body);
    expect([first.headers.get('idempotent-replayed'), second.headers.get('idempotent-replayed')]).toEqual([null, 'true']);
    expect((await stateOf(to))['data']).toEqual({ gold: 105 });
  });

  it.each([
    ['one item', (id: string) => ({ changes: [give(id, 1)] })],
    ['seventeen items', () => ({ changes: Array.from({ length: 17 }, () => give(randomUUID(), 1)) })],
    ['an aggregate twice', (id: string) => ({ changes: [give(id, 1), give(id.toUpperCase(), -1)] })],
    ['a rule without fields', (id: string) => ({ changes: [give(id, 1), give(randomUUID(), 1)], rule: 'conserve' })],
    ['fields without a rule', (id: string) => ({ changes: [give(id, 1), give(randomUUID(), 1)], conserve: ['gold'] })],
    ['an unknown type', (id: string) => ({ changes: [give(id, 1), { ...give(id, 1), aggregateType: 'quest' }] })],
    ['an empty change', (id: string) => ({ changes: [give(id, 1), { ...give(randomUUID(), 1), changes: {} }] })],
  ])('refuses %s with 400', async (_what, bodyOf) => {
    const id = await player();
    expect(await service.ask('POST', PATH, { body: bodyOf(id) })).toMatchObject({ status: 400, body: { error: 'VALIDATION_ERROR' } });
    expect((await stateOf(id))['version']).toBe(1);
  });

  it('needs the right to write every one of them', async () => {
    const [from, to] = [await player(), await player()];
    const guild = { aggregateType: 'guild', aggregateId: randomUUID(), changes: { gold: 1 } };
    for (const token of [service.token('viewer'), service.token('player', { playerId: from }), service.token('service', { aggregateTypes: ['guild'] })]) {
      expect(await transact([give(from, -1), give(to, 1)], {}, {}, token)).toMatchObject({ status: 403, body: { error: 'FORBIDDEN' } });
    }
    expect((await transact([give(from, -1), guild], {}, {}, service.token('service', { aggregateTypes: ['player'] }))).status).toBe(403);
  });

  it('keeps the total through thousands of concurrent trades of 50 players over two instances', async () => {
    const config = readConfig({ LOG_LEVEL: 'silent', DATABASE_URL: service.db.url, JWT_SECRET: service.secret, PORT: '0' });
    const second = await createApp(
      { ...config, databaseUrl: service.db.url, jwtKey: { kind: 'secret', secret: service.secret } }, new Lifecycle());
    await second.listen(0, '127.0.0.1');
    const urls = [service.url, await second.getUrl()];
    // A busy machine sheds load here too.
    const players = await Promise.all(Array.from({ length: 50 }, () => eventually(() => player(1_000), 30_000)));
    const headers = { authorization: `Bearer ${service.token('service')}`, 'content-type': 'application/json' };
    const seen = new Map<string, number>();
    let left = TRADES;
    /** A machine that is busy with other things sheds load: the same again under its key. */
    const send = async (url: string, request: RequestInit): Promise<string> => {
      for (;;) {
        const { error = 'done' } = await (await fetch(url, request)).json() as { error?: string };
        if (error !== 'SERVICE_UNAVAILABLE') return error;
      }
    };
    const trade = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const from = Math.floor(Math.random() * 50);
        const to = (from + 1 + Math.floor(Math.random() * 49)) % 50;
        const amount = 1 + Math.floor(Math.random() * 300);
        const error = await send(urls[left % 2]! + PATH, {
          method: 'POST', headers: { ...headers, 'idempotency-key': randomUUID() },
          body: JSON.stringify({ changes: [give(players[from]!, -amount), give(players[to]!, amount)], ...conserve }),
        });
        seen.set(error, (seen.get(error) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 100 }, trade));
    await second.close();
    // Who has not enough is refused; nobody meets a deadlock, or a conflict that he did not ask for.
    expect([...seen.keys()].filter((error) => error !== 'done' && error !== 'RULE_VIOLATION')).toEqual([]);
    expect(seen.get('done')).toBeGreaterThan(TRADES / 10);
    const golds = await Promise.all(players.map((id) => eventually(async () => ((await stateOf(id))['data'] as { gold: number }).gold)));
    expect(golds.reduce((sum, gold) => sum + gold, 0)).toBe(50_000);
    const { rows } = await service.db.pool.query<{ events: string }>(
      'SELECT count(*) AS events FROM global_state.events WHERE aggregate_id = ANY($1)', [players]);
    expect(Number(rows[0]!.events)).toBe(50 + 2 * seen.get('done')!);
  });
});
