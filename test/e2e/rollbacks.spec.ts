import { randomUUID } from 'node:crypto';
import { EventStore } from '@app/event-store';
import { TcpProxy } from '../faults/harness/tcp-proxy.js';
import { type Answer, fresh, type Service, startService } from './support/service.js';
import { startTwin, type Twin } from './support/streaming.js';

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

  it('says where it landed, so that a read through any instance can ask for it', async () => {
    const { id, state } = fresh();
    await event(id, { gold: 10 });
    await event(id, { gold: { $inc: 5 } });
    const { body } = await preview({ aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } });
    const after = async (answer: Answer): Promise<unknown> =>
      (await service.ask('GET', state, { headers: { 'x-min-position': answer.headers.get('x-position')! } })).body['data'];
    expect(await after(await execute(body['rollbackId'], '1'))).toEqual({ gold: 10 });
    expect(await after(await post(`${PATH}/${String(body['rollbackId'])}/undo`, { reason: 'a mistake' }))).toEqual({ gold: 15 });
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
    await service.db.pool.query(
      `INSERT INTO global_state.rollback_acts (rollback_id, aggregate_type, aggregate_id, kind, at_version) VALUES ($1, 'player', $2, 'taken', 2)`, [rollbackId, id]);
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
    const store = service.app.get(EventStore);
    const { readState } = store;
    let writes = 0;
    store.readState = async (ref) => {
      const found = await readState.call(store, ref);
      if (ref.id === second.id) await event(second.id, { writes: writes += 1 });
      return found;
    };
    try {
      expect(await execute(rollbackId, '2')).toMatchObject({ status: 503, body: { error: 'SERVICE_UNAVAILABLE' } });
    } finally {
      store.readState = readState;
    }
    expect([await dataOf(first.state), await dataOf(second.state)]).toEqual([{ gold: 1 }, { gold: 6, writes }]);
    expect((await execute(rollbackId, '2')).status).toBe(200);
    expect([await dataOf(first.state), await dataOf(second.state)]).toEqual([{ gold: 1 }, { gold: 1, writes }]);
  });

  const undo = (id: unknown): Promise<Answer> => post(`${PATH}/${String(id)}/undo`, { reason: 'x' });
  /** Previews and executes. */
  const rollBack = async (scope: object): Promise<unknown> => {
    const { status, body } = await preview(scope);
    expect(status).toBe(201);
    expect((await execute(body['rollbackId'], String((body['affected'] as object[]).length))).status).toBe(200);
    return body['rollbackId'];
  };

  it('takes back again what was given back', async () => {
    const { id, state } = fresh();
    const correlationId = randomUUID();
    await event(id, { title: 'a' });
    await event(id, { title: 'cheat' }, { correlationId });
    for (let round = 0; round < 2; round += 1) {
      const rollbackId = await rollBack({ correlationId });
      expect(await dataOf(state)).toEqual({ title: 'a' });
      expect((await undo(rollbackId)).status).toBe(200);
      expect(await dataOf(state)).toEqual({ title: 'cheat' });
    }
  });

  it.each(['newest', 'oldest'])('leaves neither of two exploits that set one path, the %s first', async (which) => {
    const { id, state } = fresh();
    const exploits = [randomUUID(), randomUUID()];
    await event(id, { title: 'a' });
    for (const [i, correlationId] of exploits.entries()) await event(id, { title: `cheat ${i}` }, { correlationId });
    if (which === 'newest') exploits.reverse();
    else {
      expect((await preview({ correlationId: exploits[0] })).body).toMatchObject({
        affected: [{ aggregateId: id, diff: [] }], conflicts: [{ aggregateId: id, path: '/title', resolution: 'kept' }],
      });
    }
    const done = [];
    for (const correlationId of exploits) done.push(await rollBack({ correlationId }));
    expect(await dataOf(state)).toEqual({ title: 'a' });
    for (const rollbackId of done) expect((await undo(rollbackId)).status).toBe(200);
    expect(await dataOf(state)).toEqual({ title: 'cheat 1' });
  });

  it('gives back once what two rollbacks took, in whatever order they are undone', async () => {
    const { id, state } = fresh();
    const correlationId = randomUUID();
    await event(id, { rating: 100 });
    await event(id, { rating: { $inc: 500 } }, { correlationId });
    const one = await rollBack({ correlationId });
    await event(id, { rating: { $inc: 1 } });
    const two = await rollBack({ aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } });
    expect(await dataOf(state)).toEqual({ rating: 100 });
    expect(await undo(one)).toMatchObject({ status: 200, body: { events: [] } });
    expect(await dataOf(state)).toEqual({ rating: 100 });
    expect((await undo(two)).status).toBe(200);
    expect(await dataOf(state)).toEqual({ rating: 601 });
    expect((await preview({ correlationId })).body).toMatchObject({ affected: [{ diff: [{ path: '/rating', old: 601, new: 101 }] }] });
  });

  it('goes back to a version before or after a rollback, as it was there', async () => {
    const { id, state } = fresh();
    const correlationId = randomUUID();
    await event(id, { rating: 100 });
    await event(id, { rating: { $inc: 500 } }, { correlationId });
    const first = await rollBack({ correlationId }); // version 3
    await event(id, { title: 'x' });
    const to = (toVersion: number) => rollBack({ aggregate: { aggregateType: 'player', aggregateId: id, toVersion } });
    const second = await to(3);
    expect(await dataOf(state)).toEqual({ rating: 100 });
    const third = await to(2);
    expect(await dataOf(state)).toEqual({ rating: 600 });
    expect((await undo(first)).status).toBe(200);
    expect((await undo(third)).status).toBe(200);
    expect(await dataOf(state)).toEqual({ rating: 600 });
    expect((await undo(second)).status).toBe(200);
    expect(await dataOf(state)).toEqual({ rating: 600, title: 'x' });
  });

  it('does not take back what makes up for others, whoever asks and by whatever name', async () => {
    const { id, state } = fresh();
    const begun = new Date().toISOString();
    const correlationId = randomUUID();
    await robbed([{ id }], { correlationId });
    const rollbackId = await rollBack({ correlationId });
    expect(await preview({ correlationId: rollbackId })).toMatchObject({ status: 422 });
    const other = service.token('operator', { sub: 'otto' });
    const { body } = await post(PATH, { scope: { actor: 'olga', from: begun, to: new Date(Date.now() + 1_000).toISOString() } }, other);
    expect((body['affected'] as { aggregateId: string }[] | undefined ?? []).filter(({ aggregateId }) => aggregateId === id)).toEqual([]);
    // Who knows the id of a rollback cannot make it pass him over.
    await event(id, { gold: { $inc: 3 } }, { correlationId: rollbackId });
    expect((await undo(rollbackId)).status).toBe(200);
    expect(await dataOf(state)).toEqual({ gold: 9 });
  });

  it('stops at the bounds below a path that comes back whole', async () => {
    const { id, state } = fresh('guild');
    const correlationId = randomUUID();
    const change = (eventData: object, more: object = {}) => event(id, eventData, more, 'guild');
    await change({ treasury: { gold: 100 }, name: 'g' });
    await change({ treasury: { gold: { $inc: 500 } } }, { correlationId });
    await change({ treasury: { gold: { $inc: -550 } } });
    await change({ treasury: null }, { correlationId });
    expect((await preview({ correlationId })).body).toMatchObject({ affected: [{ diff: [{ path: '/treasury', new: { gold: 0 } }] }] });
    const rollbackId = await rollBack({ correlationId });
    expect(await dataOf(state)).toEqual({ treasury: { gold: 0 }, name: 'g' });
    expect((await undo(rollbackId)).status).toBe(200);
    expect(await dataOf(state)).toEqual({ name: 'g' });
  });

  it('is undone also where it was cut short', async () => {
    const [one, other] = [fresh(), fresh()];
    const correlationId = randomUUID();
    await robbed([one, other], { correlationId });
    const { body: { rollbackId } } = await preview({ correlationId });
    await cutShort(rollbackId, one.id);
    expect(await undo(rollbackId)).toMatchObject({ status: 200, body: { status: 'undone', events: [] } });
    expect([await dataOf(one.state), await dataOf(other.state)]).toEqual([{ gold: 6 }, { gold: 6 }]);
    expect(await execute(rollbackId, '2')).toMatchObject({ status: 409 });
    expect(await preview({ correlationId })).toMatchObject({ status: 201, body: { affected: { length: 2 } } });
  });

  it('brings back what was deleted while it was empty', async () => {
    const { id, state } = fresh();
    await event(id, { a: null });
    expect((await service.ask('DELETE', state)).status).toBe(204);
    const rollbackId = await rollBack({ aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } });
    expect(await service.ask('GET', `${state}?consistency=strong`)).toMatchObject({ status: 200, body: { data: {} } });
    expect((await undo(rollbackId)).status).toBe(200);
    expect((await service.ask('GET', `${state}?consistency=strong`)).status).toBe(404);
  });

  it('is, of two that overlap and are executed and undone at once, what is in force in the end', async () => {
    for (let round = 0; round < 5; round += 1) {
      const players = Array.from({ length: 4 }, () => fresh());
      const exploits = [randomUUID(), randomUUID()];
      for (const { id } of players) {
        await event(id, { title: 'a' });
        for (const correlationId of exploits) await event(id, { title: correlationId }, { correlationId });
      }
      const [first, second] = await Promise.all(exploits.map((correlationId) => preview({ correlationId })));
      expect((await execute(first!.body['rollbackId'], '4')).status).toBe(200);
      const fresher = (await preview({ correlationId: exploits[1] })).body['rollbackId'];
      expect(second!.status).toBe(201);
      const [done, undone] = await Promise.all([execute(fresher, '4'), undo(first!.body['rollbackId'])]);
      expect([[200, 409], undone.status]).toEqual([expect.arrayContaining([done.status]), 200]);
      for (const { state } of players) expect(await dataOf(state)).toEqual({ title: exploits[done.status === 200 ? 0 : 1] });
    }
  });

  it('shows each his own types, and a list without what is in them', async () => {
    const { id } = fresh();
    const correlationId = randomUUID();
    await robbed([{ id }], { correlationId });
    const { body: { rollbackId } } = await preview({ correlationId });
    const [guilds, players] = [['guild'], ['player', 'guild']].map((aggregateTypes) => service.token('operator', { aggregateTypes })) as [string, string];
    const listed = async (token: string) => ((await service.ask('GET', PATH, { token })).body['rollbacks'] as { rollbackId: unknown }[]).filter((one) => one.rollbackId === rollbackId);
    expect(await listed(guilds)).toEqual([]);
    expect(await listed(players)).toEqual([expect.objectContaining({ aggregates: 1, conflicts: 0 })]);
    expect((await listed(players))[0]).not.toHaveProperty('affected');
    expect((await service.ask('GET', `${PATH}/${String(rollbackId)}`, { token: guilds })).status).toBe(403);
    expect((await service.ask('GET', `${PATH}/${String(rollbackId)}`, { token: players })).status).toBe(200);
  });

  it('lets go of previews that expired long ago', async () => {
    const { id } = fresh();
    const correlationId = randomUUID();
    await robbed([{ id }], { correlationId });
    const [old, done, late] = [(await preview({ correlationId })).body['rollbackId'], await rollBack({ aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } }), (await preview({ aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } })).body['rollbackId']];
    const age = (rollbackId: unknown, by: string) => service.db.pool.query('UPDATE global_state.rollbacks SET expires_at = now() - $2::interval WHERE id = $1', [rollbackId, by]);
    await Promise.all([age(old, '2 hours'), age(done, '2 hours'), age(late, '1 minute')]);
    await preview({ aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } });
    const statusOf = async (rollbackId: unknown) => (await service.ask('GET', `${PATH}/${String(rollbackId)}`, { token: operator })).status;
    expect([await statusOf(old), await statusOf(done), await statusOf(late)]).toEqual([404, 200, 200]);
    expect(await execute(late, '1')).toMatchObject({ status: 409, body: { error: 'STALE_PREVIEW' } });
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

describe('rollbacks while the database is away', () => {
  let service: Service;
  let proxy: TcpProxy;
  let twin: Twin;
  beforeAll(async () => {
    service = await startService();
    const url = new URL(service.db.url);
    proxy = await TcpProxy.listen({ protocol: 'postgres', to: { path: `${decodeURIComponent(url.hostname)}/.s.PGSQL.${url.port}` } });
    const proxied = `postgres://${url.username}@127.0.0.1:${proxy.port}${url.pathname}${url.search}`;
    twin = await startTwin({ ...service, db: { ...service.db, url: proxied } });
  });
  afterAll(async () => {
    await twin.stop();
    await proxy.close();
    await service.stop();
  });

  it('are answered with 503, and go on when it is back', async () => {
    const token = service.token('operator');
    const { id } = fresh();
    for (const gold of [1, 2]) {
      await service.ask('POST', '/api/v1/events', { body: { eventType: 'X', aggregateType: 'player', aggregateId: id, eventData: { gold } } });
    }
    const scope = { aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } };
    const { body: { rollbackId } } = await service.ask('POST', PATH, { token, body: { scope } });
    const ask = async (method: string, path: string, body?: object): Promise<number> => (await fetch(twin.url + path, {
      method, headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) }, body: body && JSON.stringify(body),
    })).status;
    const all = async (): Promise<number[]> => [
      await ask('GET', PATH), await ask('GET', `${PATH}/${String(rollbackId)}`),
      await ask('POST', `${PATH}/${String(rollbackId)}/execute`, { reason: 'x', confirm: '1' }),
      await ask('POST', `${PATH}/${String(rollbackId)}/undo`, { reason: 'x' }), await ask('POST', PATH, { scope }),
    ];
    proxy.begin({ kind: 'cut' });
    expect(await all()).toEqual([503, 503, 503, 503, 503]);
    proxy.heal();
    expect(await all()).toEqual([200, 200, 200, 200, 201]);
  });
});
