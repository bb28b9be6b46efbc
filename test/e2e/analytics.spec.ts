import { eventually } from '@app/testing';
import { fresh, type Service, startService } from './support/service.js';

const CHANGES = '/api/v1/analytics/state-changes';
const EVENTS = '/api/v1/analytics/events';
const PROJECTIONS = '/api/v1/projections';

interface Metric {
  readonly timestamp: string;
  readonly aggregateType: string;
  readonly changeCount: number;
}

describe('analytics over HTTP', () => {
  let service: Service;
  const players = [fresh(), fresh()];
  const guild = fresh('guild');
  beforeAll(async () => {
    service = await startService();
    for (const { state } of [...players, guild]) {
      await service.ask('PUT', state, { body: { changes: { name: 'x' }, expectedVersion: 0 } });
    }
    for (let level = 1; level <= 3; level += 1) {
      await service.ask('POST', '/api/v1/events', {
        body: { eventType: 'PlayerLevelUp', aggregateType: 'player', aggregateId: players[0]!.id, eventData: { level } },
      });
    }
    await eventually(async () => expect((await service.ask('GET', CHANGES)).body).toMatchObject({ summary: { totalChanges: 6 } }));
  });
  afterAll(() => service.stop());

  /** By aggregate type, however many buckets the test's time was cut into. */
  const sums = (body: Record<string, unknown>): Record<string, number> => {
    const found: Record<string, number> = {};
    for (const { aggregateType, changeCount } of body['metrics'] as Metric[]) found[aggregateType] = (found[aggregateType] ?? 0) + changeCount;
    return found;
  };

  it.each(['1h', '24h', '7d', '30d'].flatMap((range) => ['hour', 'day', 'aggregate'].map((group) => [range, group])))(
    'tells the changes of %s by %s', async (timeRange, groupBy) => {
      const { status, body } = await service.ask('GET', `${CHANGES}?timeRange=${timeRange}&groupBy=${groupBy}`);
      expect([status, body['timeRange'], sums(body)]).toEqual([200, timeRange, { guild: 1, player: 5 }]);
      expect(body['summary']).toEqual({
        totalChanges: 6, totalAggregates: 3, averageChangesPerAggregate: 2, peakActivityTime: expect.stringMatching(/:00:00\.000Z$/),
        mostActiveAggregate: { aggregateType: 'player', aggregateId: players[0]!.id, changeCount: 4 },
      });
    });

  it('gives one metric for each aggregate type over a range', async () => {
    const { body } = await service.ask('GET', `${CHANGES}?groupBy=aggregate`);
    expect(body['metrics']).toEqual([
      {
        timestamp: expect.any(String), aggregateType: 'guild', changeCount: 1, uniqueAggregates: 1, averageVersion: 1,
        topEvents: [{ eventType: 'StateUpdated', count: 1 }],
      },
      {
        timestamp: expect.any(String), aggregateType: 'player', changeCount: 5, uniqueAggregates: 2, averageVersion: 2.2,
        topEvents: [{ eventType: 'PlayerLevelUp', count: 3 }, { eventType: 'StateUpdated', count: 2 }],
      },
    ]);
  });

  it('tells throughput and latency of events, in all and by type', async () => {
    const latency = { p50: expect.any(Number), p95: expect.any(Number), p99: expect.any(Number) };
    const { status, body } = await service.ask('GET', `${EVENTS}?timeRange=1h`);
    expect([status, body]).toEqual([200, {
      timeRange: '1h', from: expect.any(String), to: expect.any(String), totalEvents: 6, eventsPerSecond: expect.any(Number),
      throughput: expect.any(Array), processingLatencyMs: latency,
      byEventType: [
        { eventType: 'PlayerLevelUp', count: 3, eventsPerSecond: expect.any(Number), processingLatencyMs: latency },
        { eventType: 'StateUpdated', count: 3, eventsPerSecond: expect.any(Number), processingLatencyMs: latency },
      ],
    }]);
    expect(body['eventsPerSecond']).toBeCloseTo(6 / ((Date.parse(String(body['to'])) - Date.parse(String(body['from']))) / 1000), 9);
    expect((await service.ask('GET', `${EVENTS}?aggregateType=guild`)).body).toMatchObject({ totalEvents: 1 });
  });

  it('shows a token what it may read', async () => {
    const limited = service.token('viewer', { aggregateTypes: ['guild', 'world'] });
    for (const [path, token] of [[CHANGES, limited], [`${CHANGES}?aggregateType=guild`, limited], [`${CHANGES}?aggregateType=guild`, undefined]] as const) {
      const { status, body } = await service.ask('GET', path, token ? { token } : {});
      expect([status, sums(body)]).toEqual([200, { guild: 1 }]);
    }
    expect((await service.ask('GET', EVENTS, { token: limited })).body).toMatchObject({ totalEvents: 1 });
    const player = service.token('player', { playerId: players[0]!.id });
    for (const [path, token] of [
      [`${CHANGES}?aggregateType=player`, limited], [`${EVENTS}?aggregateType=player`, limited], [CHANGES, player],
      [`${CHANGES}?aggregateType=player`, player], [EVENTS, player], [PROJECTIONS, player], [PROJECTIONS, limited],
    ] as const) expect(await service.ask('GET', path, { token })).toMatchObject({ status: 403, body: { error: 'FORBIDDEN', code: '403' } });
  });

  it.each([
    `${CHANGES}?aggregateType=dragon`, `${CHANGES}?timeRange=2h`, `${CHANGES}?groupBy=minute`, `${CHANGES}?timeRange=`, `${CHANGES}?from=now`,
    `${CHANGES}?timeRange=1h&timeRange=24h`, `${EVENTS}?groupBy=hour`, `${EVENTS}?timeRange=1H`, `${PROJECTIONS}?name=analytics`,
  ])('answers 400 to %s', async (path) => {
    const { status, body } = await service.ask('GET', path, { token: service.token('admin') });
    expect([status, body]).toEqual([400, {
      error: 'VALIDATION_ERROR', code: '400', message: expect.any(String), timestamp: expect.any(String), details: expect.any(Object),
    }]);
  });

  const projections = async () =>
    (await service.ask('GET', PROJECTIONS, { token: service.token('operator') })).body['projections'] as readonly { readonly name: string }[];
  const analytics = async () => (await projections()).find(({ name }) => name === 'analytics');

  it('tells how far the projections are, also in the metrics', async () => {
    await eventually(async () => expect(await projections()).toEqual(['analytics', 'flags'].map((name) => ({
      name, partition: 0, position: 6, head: 6, lag: { events: 0, seconds: 0 }, gaps: { checked: 6, found: 6, dense: true },
      unmovedSeconds: expect.any(Number), parked: 0, stalled: false,
    }))));
    // It is in the database a little before this process hears of it.
    await eventually(async () => {
      const { text } = await service.ask('GET', '/metrics');
      expect(text).toContain('gss_projection_position{projection="analytics"} 6');
      expect(text).toContain('gss_projection_events_total{projection="analytics"} 6');
      expect(text).toContain('gss_projection_stalled{projection="analytics"} 0');
    });
  });

  it('goes on without the projection, says why it stands still, and makes up for it', async () => {
    await service.db.pool.query('ALTER TABLE global_state.analytics_event_types RENAME TO elsewhere');
    expect((await service.ask('PUT', fresh('world').state, { body: { changes: { name: 'y' }, expectedVersion: 0 } })).status).toBe(200);
    await eventually(async () => expect(await analytics()).toMatchObject({
      position: 6, head: 7, lag: { events: 1 }, stalled: true, stall: { reason: expect.stringContaining('analytics_event_types') },
    }));
    expect((await service.ask('GET', '/metrics')).text).toContain('gss_projection_stalled{projection="analytics"} 1');
    await service.db.pool.query('ALTER TABLE global_state.elsewhere RENAME TO analytics_event_types');
    await eventually(async () => expect((await service.ask('GET', CHANGES)).body).toMatchObject({ summary: { totalChanges: 7 } }));
    await eventually(async () => expect(await analytics()).toMatchObject({ position: 7, stalled: false }));
  });

  const operate = (method: string, path: string, body?: object, headers?: Record<string, string>) =>
    service.ask(method, `/api/v1${path}`, { token: service.token('operator'), body, headers });

  it('parks an aggregate that it cannot count, counts it when it is retried, or forgets it with a reason', async () => {
    await service.db.pool.query(`CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF new.event_type = 'Poison' THEN RAISE EXCEPTION 'poison is not counted'; END IF; RETURN new; END $$`);
    await service.db.pool.query('CREATE TRIGGER poison BEFORE INSERT ON global_state.analytics_event_types FOR EACH ROW EXECUTE FUNCTION refuse_poison()');
    const total = async () => ((await service.ask('GET', CHANGES)).body['summary'] as { totalChanges: number }).totalChanges;
    const before = await total();
    const publish = (aggregateId: string, eventType: string) => service.ask('POST', '/api/v1/events', {
      body: { eventType, aggregateType: 'world', aggregateId, eventData: { n: 1 } },
    });
    const [poisoned, lost] = [fresh('world').id, fresh('world').id];
    for (const id of [poisoned, lost]) await publish(id, 'Poison');
    await publish(poisoned, 'Fine');
    await publish(fresh('world').id, 'Fine');
    await eventually(async () => expect(await analytics()).toMatchObject({ parked: 2, stalled: false, lag: { events: 0 } }));
    expect(await total()).toBe(before + 1);
    const { body } = await operate('GET', '/dead-letters?status=parked&consumer=analytics');
    const letters = body['deadLetters'] as { deadLetterId: string; aggregateId: string }[];
    const pathOf = (id: string) => `/dead-letters/${letters.find(({ aggregateId }) => aggregateId === id)!.deadLetterId}`;
    expect(letters).toHaveLength(2);
    expect(letters.at(-1)).toMatchObject({
      aggregateType: 'world', aggregateId: poisoned, error: 'poison is not counted', withheld: 2, attempts: 2, status: 'parked', eventId: expect.any(String),
    });
    expect(await operate('POST', `${pathOf(lost)}/discard`, {})).toMatchObject({ status: 400 });
    expect(await operate('POST', `${pathOf(lost)}/discard`, { reason: 'a test' })).toMatchObject({ status: 200, body: { status: 'discarded', reason: 'a test', endedBy: 'spec' } });
    expect(await operate('POST', `${pathOf(poisoned)}/retry`)).toMatchObject({ status: 200, body: { status: 'parked', attempts: 3 } });
    await service.db.pool.query('DROP TRIGGER poison ON global_state.analytics_event_types');
    expect(await operate('POST', `${pathOf(poisoned)}/retry`)).toMatchObject({ status: 200, body: { status: 'retried', attempts: 4 } });
    expect(await operate('POST', `${pathOf(poisoned)}/retry`)).toMatchObject({ status: 422, body: { error: 'INVALID_OPERATION' } });
    expect(await total()).toBe(before + 3);
    expect((await operate('GET', '/dead-letters?limit=1')).headers.get('link')).toContain('cursor=');
  });

  it('is built again, and what was forgotten is counted then', async () => {
    const before = ((await service.ask('GET', CHANGES)).body['summary'] as { totalChanges: number }).totalChanges;
    expect(await operate('POST', '/operations/rebuild', { target: 'analytics', aggregateType: 'player' })).toMatchObject({ status: 400 });
    const asked = () => operate('POST', '/operations/rebuild', { target: 'analytics', reason: 'a test', acceptDifferences: true }, { 'idempotency-key': 'once' });
    const [first, twin] = await Promise.all([asked(), asked()]);
    expect([first.status, twin.body['operationId']]).toEqual([202, first.body['operationId']]);
    expect(first.body).toMatchObject({ kind: 'rebuild-analytics', parameters: { target: 'analytics', reason: 'a test' }, createdBy: 'spec' });
    await eventually(async () => expect((await operate('GET', first.headers.get('location')!.replace('/api/v1', ''))).body).toMatchObject({
      status: 'completed', progress: 1, unit: 'events', result: { build: 1, parked: 0, differences: expect.any(Number) },
    }), 30_000);
    expect((await service.ask('GET', CHANGES)).body).toMatchObject({ summary: { totalChanges: before + 1 } });
    expect(await operate('POST', '/operations/rebuild', { target: 'analytics', reason: 'another' }, { 'idempotency-key': 'once' })).toMatchObject({
      status: 422, body: { error: 'IDEMPOTENCY_KEY_REUSED' },
    });
  });

  it('goes back to the figures before, once', async () => {
    const before = ((await service.ask('GET', CHANGES)).body['summary'] as { totalChanges: number }).totalChanges;
    const revert = (more = {}) => operate('POST', '/operations/rebuild/revert', { target: 'analytics', ...more });
    expect(await revert({ aggregateType: 'player' })).toMatchObject({ status: 400 });
    const asked = await revert();
    expect(asked).toMatchObject({ status: 202, body: { kind: 'revert-analytics' } });
    await eventually(async () => expect((await operate('GET', asked.headers.get('location')!.replace('/api/v1', ''))).body).toMatchObject({
      status: 'completed', progress: 1, result: { build: 0, parked: 0 },
    }), 30_000);
    expect((await service.ask('GET', CHANGES)).body).toMatchObject({ summary: { totalChanges: before - 1 } }); // what was discarded is not there
    expect(await revert()).toMatchObject({ status: 422, body: { error: 'INVALID_OPERATION' } });
  });
});
