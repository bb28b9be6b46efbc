import { randomUUID } from 'node:crypto';
import { EventStore } from '@app/event-store';
import { type Answer, fresh, type Service, startService } from './support/service.js';

const PATH = '/api/v1/rollbacks';

describe('rollbacks over HTTP', () => {
  let service: Service;
  let operator: string;
  beforeAll(async () => {
    service = await startService();
    operator = service.token('operator', { sub: 'olga' });
  });
  afterAll(async () => {
    await service.stop();
  });

  const post = (path: string, body: object, token = operator): Promise<Answer> => service.ask('POST', path, { body, token });
  const preview = (scope: object): Promise<Answer> => post(PATH, { scope });
  const execute = (id: unknown, confirm: string, reason = 'an exploit'): Promise<Answer> => post(`${PATH}/${String(id)}/execute`, { reason, confirm });
  const dataOf = async (state: string): Promise<unknown> => (await service.ask('GET', `${state}?consistency=strong`)).body['data'];
  const event = async (id: string, eventData: object, more: object = {}, type = 'player'): Promise<{ eventId: string; timestamp: string }> => {
    const { status, body } = await service.ask('POST', '/api/v1/events', {
      body: { eventType: 'Something', aggregateType: type, aggregateId: id, eventData, ...more },
    });
    expect(status).toBe(201);
    await new Promise((resolve) => setTimeout(resolve, 3));
    return body as { eventId: string; timestamp: string };
  };

  it('takes one aggregate back to a version, and the rollback back', async () => {
    const { id, state } = fresh();
    await event(id, { gold: 10, title: 'a' });
    await event(id, { gold: { $inc: 5 }, bag: { gems: 2 } });
    await event(id, { title: null, gold: { $inc: 7 } });
    const before = await dataOf(state);
    const { status, body } = await preview({ aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: 'previewed', createdBy: 'olga', conflicts: [], affected: [{
        aggregateType: 'player', aggregateId: id, version: 3,
        diff: [{ path: '/bag', old: { gems: 2 } }, { path: '/gold', old: 22, new: 10 }, { path: '/title', new: 'a' }],
      }],
    });
    expect(await dataOf(state)).toEqual(before);
    expect(await execute(body['rollbackId'], '1')).toMatchObject({
      status: 200, body: { status: 'executed', events: [{ aggregateId: id, eventType: 'StateRolledBack', eventVersion: 4 }] },
    });
    expect(await dataOf(state)).toEqual({ gold: 10, title: 'a' });
    const { body: history } = await service.ask('GET', `/api/v1/events/player/${id}`);
    expect((history['events'] as object[]).at(-1)).toMatchObject({ metadata: { reason: 'an exploit', rollbackId: body['rollbackId'] }, correlationId: body['rollbackId'] });
    expect((await post(`${PATH}/${String(body['rollbackId'])}/undo`, { reason: 'a mistake' })).body).toMatchObject({ status: 'undone' });
    expect(await dataOf(state)).toEqual(before);
    expect((await service.ask('GET', `${PATH}/${String(body['rollbackId'])}`, { token: operator })).body)
      .toMatchObject({ status: 'undone', reason: 'an exploit', executedBy: 'olga', undoReason: 'a mistake' });
  });

  it('takes one aggregate back over any number of events, other rollbacks among them', async () => {
    const { id, state } = fresh();
    await event(id, { gold: 10, title: 'a' });
    const correlationId = randomUUID();
    await event(id, { gold: { $inc: 700 } }, { correlationId });
    expect((await execute((await preview({ correlationId })).body['rollbackId'], '1')).status).toBe(200);
    const earn = { type: 'Earned', schemaVersion: 1, data: {} };
    for (let n = 0; n < 210; n += 1) {
      await service.app.get(EventStore).execute({
        aggregates: [{ type: 'player', id }], context: { actor: 'spec' },
        decide: ([now]) => [Array.from({ length: 100 }, (_, i) => ({ ...earn, ops: [['inc', '/gold', 'sum', 1, Number(now!.data['gold']) + 1 + i]] as const }))],
      });
    }
    const within = randomUUID();
    await event(id, { gold: { $inc: 5 } }, { correlationId: within });
    expect(await dataOf(state)).toEqual({ gold: 21_015, title: 'a' });
    const { status, body } = await preview({ aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } });
    expect([status, body]).toMatchObject([201, { conflicts: [], affected: [{ version: 21_004, diff: [{ path: '/gold', old: 21_015, new: 10 }] }] }]);
    expect((await execute(body['rollbackId'], '1')).status).toBe(200);
    expect(await dataOf(state)).toEqual({ gold: 10, title: 'a' });
    const { rows } = await service.db.pool.query('SELECT FROM global_state.rolled_back_events WHERE rollback_id = $1', [body['rollbackId']]);
    expect(rows).toHaveLength(1);
    // What is within it is not taken back again.
    expect(await preview({ correlationId: within })).toMatchObject({ status: 422 });
    await event(id, { title: 'b' });
    expect((await post(`${PATH}/${String(body['rollbackId'])}/undo`, { reason: 'x' })).status).toBe(200);
    expect(await dataOf(state)).toEqual({ gold: 21_015, title: 'b' });
    expect(await preview({ correlationId: within })).toMatchObject({ status: 201 });
  });

  it('follows an exploit to everyone who received its gold', async () => {
    const [thief, friend, bystander] = [fresh(), fresh(), fresh()];
    for (const { id } of [thief, friend, bystander]) await event(id, { gold: 100 });
    const exploit = await event(thief.id, { gold: { $inc: 1_000_000 } });
    const gift = await event(friend.id, { gold: { $inc: 5_000 } }, { causationId: exploit.eventId });
    await event(friend.id, { gold: { $inc: -40 }, sword: 1 });
    await event(bystander.id, { gold: { $inc: 300 } }, { causationId: gift.eventId });
    const { body } = await preview({ causationId: exploit.eventId });
    expect((body['affected'] as object[]).length).toBe(3);
    expect(body['conflicts']).toEqual([{ aggregateType: 'player', aggregateId: friend.id, path: '/gold', resolution: 'taken back by the amount' }]);
    expect((await execute(body['rollbackId'], '3')).status).toBe(200);
    expect([await dataOf(thief.state), await dataOf(friend.state), await dataOf(bystander.state)])
      .toEqual([{ gold: 100 }, { gold: 60, sword: 1 }, { gold: 100 }]);
    // What is taken back is not taken back again.
    expect(await preview({ causationId: exploit.eventId })).toMatchObject({ status: 422, body: { error: 'INVALID_OPERATION' } });
  });

  it('takes back a transaction by its correlation, and what is spent only down to the bounds', async () => {
    const [from, to] = [fresh(), fresh()];
    for (const { id } of [from, to]) await event(id, { gold: 100 });
    const correlationId = randomUUID();
    const give = ({ id }: { id: string }, amount: number) => ({ aggregateType: 'player', aggregateId: id, changes: { gold: { $inc: amount } } });
    expect((await service.ask('POST', '/api/v1/commands/transaction', { body: { changes: [give(from, -80), give(to, 80)], correlationId } })).status).toBe(200);
    await event(to.id, { gold: { $inc: -150 } });
    const { body } = await preview({ correlationId });
    expect(body['conflicts']).toEqual(expect.arrayContaining([
      { aggregateType: 'player', aggregateId: to.id, path: '/gold', resolution: 'limited by the bounds' },
    ]));
    expect((await execute(body['rollbackId'], '2')).status).toBe(200);
    expect([await dataOf(from.state), await dataOf(to.state)]).toEqual([{ gold: 100 }, { gold: 0 }]);
  });

  it('takes back what one actor did in a time, and deletes what would not be there', async () => {
    const [old, made] = [fresh('guild'), fresh('guild')];
    const start = await event(old.id, { gold: 5 }, {}, 'guild');
    const bot = service.token('service', { sub: 'bot' });
    const asBot = (at: string, body: object) => service.ask('PUT', at, { body, token: bot });
    await asBot(old.state, { changes: { gold: 9, motto: 'x' }, expectedVersion: 1 });
    await asBot(made.state, { changes: { gold: 1 }, expectedVersion: 0 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { body } = await preview({ actor: 'bot', from: start.timestamp, to: new Date().toISOString() });
    expect((await execute(body['rollbackId'], '2')).status).toBe(200);
    expect(await dataOf(old.state)).toEqual({ gold: 5 });
    expect((await service.ask('GET', made.state)).status).toBe(404);
    expect((await post(`${PATH}/${String(body['rollbackId'])}/undo`, { reason: 'no bot' })).status).toBe(200);
    expect([await dataOf(old.state), await dataOf(made.state)]).toEqual([{ gold: 9, motto: 'x' }, { gold: 1 }]);
  });

  it('refuses a stale preview, a wrong confirmation and a second time, and does nothing', async () => {
    const { id, state } = fresh();
    await event(id, { gold: 1 });
    await event(id, { gold: 2 });
    const scope = { aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } };
    const { body: { rollbackId } } = await preview(scope);
    expect(await execute(rollbackId, '2')).toMatchObject({ status: 400, body: { error: 'VALIDATION_ERROR' } });
    await event(id, { gold: 3 });
    expect(await execute(rollbackId, '1')).toMatchObject({ status: 409, body: { error: 'STALE_PREVIEW' } });
    expect(await dataOf(state)).toEqual({ gold: 3 });
    const again = (await preview(scope)).body['rollbackId'];
    const answers = await Promise.all([execute(again, '1'), execute(again, '1'), execute(again, '1')]);
    expect(answers.map(({ status }) => status).sort((one, other) => one - other)).toEqual([200, 409, 409]);
    expect(await dataOf(state)).toEqual({ gold: 1 });
    expect((await service.ask('GET', state)).body['version']).toBe(4);
    expect(await execute(again, '1')).toMatchObject({ status: 409 });
    expect((await post(`${PATH}/${String(rollbackId)}/undo`, { reason: 'x' })).status).toBe(409);
  });

  const robbed = async (players: readonly { id: string }[], more: object): Promise<void> => {
    for (const { id } of players) {
      await event(id, { gold: 1 });
      await event(id, { gold: { $inc: 5 } }, more);
    }
  };

  it('does a rollback once when it is asked for by several at the same moment, and its undoing too', async () => {
    for (let round = 0; round < 5; round += 1) {
      const players = Array.from({ length: 4 }, () => fresh());
      const correlationId = randomUUID();
      await robbed(players, { correlationId });
      const { body: { rollbackId } } = await preview({ correlationId });
      const executed = await Promise.all([1, 2, 3].map(() => execute(rollbackId, '4')));
      expect(executed.map(({ status }) => status).sort((one, other) => one - other)).toEqual([200, 409, 409]);
      for (const { state } of players) expect(await dataOf(state)).toEqual({ gold: 1 });
      const undone = await Promise.all([1, 2, 3].map(() => post(`${PATH}/${String(rollbackId)}/undo`, { reason: 'x' })));
      expect(undone.map(({ status }) => status).sort((one, other) => one - other)).toEqual([200, 409, 409]);
      for (const { state } of players) expect(await dataOf(state)).toEqual({ gold: 6 });
    }
  });

  it('takes an event back once when two rollbacks have it, executed at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const players = Array.from({ length: 3 }, () => fresh());
      const [correlationId, causationId] = [randomUUID(), randomUUID()];
      await event(fresh().id, { gold: 1 }, { eventId: causationId });
      await robbed(players, { correlationId, causationId });
      const rollbacks = [(await preview({ correlationId })).body['rollbackId'], (await preview({ causationId })).body['rollbackId']];
      const answers = await Promise.all(rollbacks.map((id, i) => execute(id, String(3 + i))));
      expect(answers.map(({ status }) => status).sort((one, other) => one - other)).toEqual([200, 409]);
      for (const { state } of players) expect(await dataOf(state)).toEqual({ gold: 1 });
    }
  });

  it('takes nothing back to a version while another rollback takes back some of it', async () => {
    const { id, state } = fresh();
    const correlationId = randomUUID();
    await robbed([{ id }], { correlationId });
    const whole = (await preview({ aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } })).body['rollbackId'];
    const { body: { rollbackId } } = await preview({ correlationId });
    await cutShort(rollbackId, id);
    expect(await execute(whole, '1')).toMatchObject({ status: 409, body: { error: 'STALE_PREVIEW' } });
    expect((await execute(rollbackId, '1')).status).toBe(200);
    expect(await dataOf(state)).toEqual({ gold: 1 });
  });

  it('goes on to a version where others wrote since it began', async () => {
    const { id, state } = fresh();
    await robbed([{ id }], {});
    const { body: { rollbackId } } = await preview({ aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } });
    await cutShort(rollbackId, id);
    await service.db.pool.query('UPDATE global_state.rolled_back_events SET to_version = 2 WHERE rollback_id = $1', [rollbackId]);
    await event(id, { gold: { $inc: 30 }, title: 'earned since' });
    expect((await execute(rollbackId, '1')).status).toBe(200);
    expect(await dataOf(state)).toEqual({ gold: 31, title: 'earned since' });
  });

  /** As a crash leaves it: begun, with the second event of a player to take back, and nothing done. */
  const cutShort = async (rollbackId: unknown, id: string): Promise<void> => {
    await service.db.pool.query(
      `INSERT INTO global_state.rolled_back_events (rollback_id, aggregate_type, aggregate_id, version) VALUES ($1, 'player', $2, 2)`, [rollbackId, id]);
    await service.db.pool.query(`UPDATE global_state.rollbacks SET status = 'executing', reason = 'x', executed_by = 'olga' WHERE id = $1`, [rollbackId]);
  };

  it('takes back what was previewed, and nothing since, when it was cut short', async () => {
    const { id, state } = fresh();
    await robbed([{ id }], {});
    const { body: { rollbackId } } = await preview({ aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } });
    await cutShort(rollbackId, id);
    await event(id, { title: 'earned since' });
    expect((await execute(rollbackId, '1')).status).toBe(200);
    expect(await dataOf(state)).toEqual({ gold: 1, title: 'earned since' });
  });

  it('says that it can go on, not that nothing was done, where others always write first', async () => {
    const [first, second] = [fresh(), fresh()].sort((one, other) => (one.id < other.id ? -1 : 1)) as [ReturnType<typeof fresh>, ReturnType<typeof fresh>];
    const correlationId = randomUUID();
    await robbed([first, second], { correlationId });
    const { body: { rollbackId } } = await preview({ correlationId });
    // Always a version ahead of what is planned on, as others may be.
    const move = (by: number) => service.db.pool.query('UPDATE global_state.aggregate_states SET version = version + $2 WHERE aggregate_id = $1', [second.id, by]);
    await move(1);
    expect(await execute(rollbackId, '2')).toMatchObject({ status: 503, body: { error: 'SERVICE_UNAVAILABLE' } });
    expect(await dataOf(first.state)).toEqual({ gold: 1 });
    await move(-1);
    expect((await execute(rollbackId, '2')).status).toBe(200);
    expect([await dataOf(first.state), await dataOf(second.state)]).toEqual([{ gold: 1 }, { gold: 1 }]);
  });

  it('goes on where it was cut short', async () => {
    const correlationId = randomUUID();
    const players = Array.from({ length: 5 }, () => fresh());
    for (const { id } of players) {
      await event(id, { gold: 10 });
      await event(id, { gold: { $inc: 90 } }, { correlationId });
    }
    const { body: { rollbackId } } = await preview({ correlationId });
    expect((await execute(rollbackId, '5')).status).toBe(200);
    // As a crash leaves it: begun, some of it done.
    await service.db.pool.query(`UPDATE global_state.rollbacks SET status = 'executing' WHERE id = $1`, [rollbackId]);
    expect(await execute(rollbackId, '5')).toMatchObject({ status: 200, body: { events: [] } });
    for (const { state } of players) expect(await dataOf(state)).toEqual({ gold: 10 });
  });

  it.each([
    ['no scope', {}], ['two scopes', { scope: { correlationId: randomUUID(), causationId: randomUUID() } }],
    ['an actor without a time', { scope: { actor: 'x' } }], ['a version and a time', { scope: { aggregate: { aggregateType: 'player', aggregateId: randomUUID(), toVersion: 1, toTime: '2026-01-01T00:00:00Z' } } }],
  ])('refuses %s with 400', async (_what, body) => {
    expect(await post(PATH, body)).toMatchObject({ status: 400, body: { error: 'VALIDATION_ERROR' } });
  });

  it('is for operators, and lists what was done', async () => {
    const { id } = fresh();
    await event(id, { gold: 1 });
    const scope = { aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } };
    for (const role of ['viewer', 'service'] as const) expect((await post(PATH, { scope }, service.token(role))).status).toBe(403);
    expect(await preview(scope)).toMatchObject({ status: 422 });
    expect(await preview({ aggregate: { ...scope.aggregate, aggregateId: randomUUID() } })).toMatchObject({ status: 404 });
    expect((await service.ask('GET', `${PATH}/${randomUUID()}`, { token: operator }))).toMatchObject({ status: 404, body: { error: 'ROLLBACK_NOT_FOUND' } });
    const first = await service.ask('GET', `${PATH}?limit=2`, { token: operator });
    expect((first.body['rollbacks'] as object[]).length).toBe(2);
    const next = /<([^>]+)>/.exec(first.headers.get('link')!)![1]!;
    expect((await service.ask('GET', next, { token: operator })).status).toBe(200);
  });
});
