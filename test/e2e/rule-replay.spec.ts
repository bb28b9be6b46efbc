import { randomUUID } from 'node:crypto';
import { eventually } from '@app/testing';
import { type Answer, fresh, type Service, startService } from './support/service.js';

type Operation = Record<string, unknown> & { operationId: string; status: string; result: { events: number; violations: number; sample: object[]; flagsRaised?: number } };

describe('a rule tried on the past', () => {
  let service: Service;
  let operator: string;
  beforeAll(async () => {
    service = await startService();
    operator = service.token('operator', { sub: 'olga' });
  });
  afterAll(async () => {
    await service.stop();
  });

  const publish = async (aggregateId: string, eventData: object, aggregateType = 'player'): Promise<string> => {
    const { status, body } = await service.ask('POST', '/api/v1/events', { body: { eventType: 'Happened', aggregateType, aggregateId, eventData } });
    expect(status).toBe(201);
    return String(body['eventId']);
  };
  const start = (body: object, token = operator): Promise<Answer> => service.ask('POST', '/api/v1/operations/replay', { body: { through: 'rule', ...body }, token });
  const replay = async (body: object): Promise<Operation> => {
    const begun = await start(body);
    expect([begun.status, begun.headers.get('location')]).toEqual([202, `/api/v1/operations/${String(begun.body['operationId'])}`]);
    return eventually(async () => {
      const { body: operation } = await service.ask('GET', begun.headers.get('location')!, { token: operator });
      expect(operation['status']).toBe('completed');
      return operation as Operation;
    });
  };
  const positionNow = async (): Promise<number> => Number((await service.db.pool.query<{ position: string }>('SELECT position FROM global_state.log_heads')).rows[0]!.position);
  const rule = (of: object): object => ({ id: 'candidate', aggregateType: 'player', about: 'Tried', ...of });
  const statesAndEvents = async (): Promise<unknown> => (await service.db.pool.query(
    `SELECT (SELECT count(*) FROM global_state.events) AS events, (SELECT md5(string_agg(aggregate_id::text || version || data::text, ',' ORDER BY aggregate_id, aggregate_type))
      FROM global_state.aggregate_states) AS states`)).rows;

  it('finds what it would have found, in a range, and changes nothing', async () => {
    const [one, two] = [randomUUID(), randomUUID()];
    await publish(one, { score: 50 });
    const fromPosition = 1 + await positionNow();
    const broken = await publish(one, { score: 40 }); // its base is before the range
    await publish(one, { score: 45 });
    await publish(two, { score: 7 });
    const gone = await publish(two, { score: null });
    await publish(two, { score: 1 }, 'guild');
    const toPosition = await positionNow();
    await publish(one, { score: 1 });
    const before = await statesAndEvents();
    const { result, parameters, progress, unit } = await replay({ rule: rule({ kind: 'monotonic', path: 'score', direction: 'up' }), fromPosition, toPosition });
    expect(result).toEqual({
      events: 4, violations: 2, sample: expect.arrayContaining([
        { aggregateType: 'player', aggregateId: one, version: 2, eventId: broken, path: '/score', before: 50, after: 40 },
        { aggregateType: 'player', aggregateId: two, version: 2, eventId: gone, path: '/score', before: 7 },
      ]),
    });
    expect({ parameters, progress, unit }).toMatchObject({ parameters: { fromPosition, toPosition, dryRun: true }, progress: 1, unit: 'events' });
    expect(await statesAndEvents()).toEqual(before);
    expect((await service.ask('GET', '/api/v1/flags?rule=candidate', { token: operator })).body['flags']).toEqual([]);
  });

  it('counts rates by the time of the events, and a time range finds its positions', async () => {
    const from = new Date(Date.now() - 1).toISOString();
    const id = randomUUID();
    for (const amount of [40, 50, -60, 20, 5]) await publish(id, { silver: { $inc: amount } });
    const asked = { rule: rule({ kind: 'rate', path: 'silver', max: 100, windowSeconds: 3600 }), aggregateType: 'player', from };
    expect((await replay(asked)).result).toMatchObject({ events: 5, violations: 2, sample: [{ measured: 110 }, { measured: 115 }] });
    expect((await replay({ ...asked, to: from })).result).toMatchObject({ events: 0, violations: 0 });
  });

  it('groups the events of a command for a rule on sums', async () => {
    const [one, two] = [fresh().id, fresh().id];
    const fromPosition = 1 + await positionNow();
    await publish(one, { silver: 100 });
    const correlationId = randomUUID();
    const trade = async (given: number, taken: number): Promise<void> => {
      const changes = [[one, -given], [two, taken]].map(([aggregateId, amount]) => ({ aggregateType: 'player', aggregateId, changes: { silver: { $inc: amount } } }));
      expect((await service.ask('POST', '/api/v1/commands/transaction', { body: { changes, correlationId } })).status).toBe(200);
    };
    await trade(10, 10);
    await trade(10, 13);
    await trade(5, 5);
    const { result } = await replay({ rule: rule({ kind: 'conserve', terms: [{ aggregateType: 'player', path: 'silver', counts: 'for' }] }), fromPosition });
    expect(result).toMatchObject({ events: 7, violations: 1, sample: [{ aggregateId: two, version: 2, path: '/silver', before: 10, after: 23, measured: 3 }] });
  });

  it('raises flags without dryRun, once however often, and marks nobody', async () => {
    const id = randomUUID();
    const fromPosition = 1 + await positionNow();
    await publish(id, { karma: 1 });
    for (const karma of [-20, -30, -25]) await publish(id, { karma });
    const asked = { rule: rule({ id: 'bad-karma', kind: 'bounds', path: 'karma', min: -10, mode: 'quarantine' }), fromPosition, dryRun: false };
    const first = await replay(asked);
    expect(first.result).toMatchObject({ violations: 2, flagsRaised: 2 });
    expect((await replay(asked)).result).toMatchObject({ violations: 2, flagsRaised: 0 });
    const { body } = await service.ask('GET', '/api/v1/flags?rule=bad-karma', { token: operator });
    expect(body['flags']).toMatchObject([{ eventVersion: 3, mode: 'flag', operationId: first.operationId }, { eventVersion: 2 }]);
    expect((await service.ask('GET', `/api/v1/quarantines/player/${id}`, { token: operator })).body).toMatchObject({ isQuarantined: false });
  });

  it('takes a rule in force by its id', async () => {
    const id = randomUUID();
    const fromPosition = 1 + await positionNow();
    for (const level of [5, 4]) await publish(id, { level });
    expect((await replay({ rule: 'player-level-never-falls', fromPosition })).result).toMatchObject({ violations: 1 });
  });

  it('walks a log of many pages, and samples the first hundred', async () => {
    const ids = Array.from({ length: 30 }, () => randomUUID());
    const fromPosition = 1 + await positionNow();
    const events = ids.flatMap((aggregateId) => Array.from({ length: 80 }, (_, i) => (
      { eventType: 'Happened', aggregateType: 'player', aggregateId, eventData: { tick: i % 2 } })));
    for (let i = 0; i < events.length; i += 400) {
      const { body } = await service.ask('POST', '/api/v1/events/batch', { body: { events: events.slice(i, i + 400) } });
      expect(body['accepted']).toBe(400);
    }
    const { result } = await replay({ rule: rule({ kind: 'monotonic', path: 'tick', direction: 'up' }), fromPosition });
    expect([result.events, result.violations, result.sample.length]).toEqual([2_400, 30 * 39, 100]);
  });

  it.each<[string, object]>([
    ['no rule', {}], ['a rule that is not there', { rule: 'nobody' }], ['half a rule', { rule: rule({ kind: 'rate', path: 'gold' }) }],
    ['a rule of another type', { rule: rule({ kind: 'monotonic', path: 'a', direction: 'up' }), aggregateType: 'guild' }],
    ['a range that is none', { rule: 'player-level-never-falls', fromPosition: -1 }],
  ])('refuses %s with 400', async (_what, body) => {
    expect(await start(body)).toMatchObject({ status: 400, body: { error: 'VALIDATION_ERROR' } });
  });

  it('is for operators', async () => {
    expect((await start({ rule: 'player-level-never-falls' }, service.token('service'))).status).toBe(403);
    const limited = service.token('operator', { aggregateTypes: ['guild'] });
    expect((await start({ rule: 'player-level-never-falls' }, limited)).status).toBe(403);
    expect((await start({ rule: 'player-level-never-falls', aggregateType: 'guild' }, limited)).status).toBe(400);
  });
});
