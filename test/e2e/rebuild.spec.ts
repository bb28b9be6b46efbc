import { foldAll, freeze } from '@app/event-store';
import { eventually } from '@app/testing';
import { type Answer, fresh, type Service, startService } from './support/service.js';
import { startTwin, type Twin } from './support/streaming.js';

describe('operations on states', () => {
  let service: Service;
  let twin: Twin;
  let token: string;

  beforeAll(async () => {
    service = await startService();
    twin = await startTwin(service);
    token = service.token('operator');
  });
  afterAll(async () => {
    await twin.stop();
    await service.stop();
  });

  const begin = (path: string, body: object, headers: Record<string, string> = {}) =>
    service.ask('POST', `/api/v1/operations/${path}`, { token, body, headers });
  const ended = async (asked: Answer): Promise<Record<string, unknown>> => {
    expect([asked.status, asked.text]).toEqual([202, expect.any(String)]);
    return eventually(async () => {
      const { body } = await service.ask('GET', asked.headers.get('location')!, { token });
      expect(['completed', 'failed', 'cancelled']).toContain(body['status']);
      return body;
    });
  };

  /** Players, guilds and deeds on them, all the time, through both instances. */
  const writing = (players: readonly ReturnType<typeof fresh>[]): { stop(): Promise<Answer[]> } => {
    let isOver = false;
    const answers: Answer[] = [];
    const writers = Array.from({ length: 6 }, async (_, i) => {
      for (let n = i; !isOver; n += 1) {
        const { state, events, id } = players[n % players.length]!;
        const [url, ask] = n % 2 ? [service.url, service.ask] : [twin.url, undefined];
        const send = async (method: string, path: string, body: object, type = 'application/json'): Promise<Answer> => {
          if (ask && type === 'application/json') return ask(method, path, { body });
          const response = await fetch(`${url}${path}`, {
            method, body: JSON.stringify(body), headers: { 'content-type': type, authorization: `Bearer ${service.token('service')}` },
          });
          return { status: response.status, headers: response.headers, text: await response.text(), body: {} };
        };
        if (n % 3 === 0) answers.push(await send('PATCH', state, { gold: { $inc: 1 } }, 'application/merge-patch+json'));
        else if (n % 3 === 1) answers.push(await send('POST', '/api/v1/events', { eventType: 'Noted', aggregateType: 'player', aggregateId: id, eventData: { n } }));
        else answers.push(await service.ask('GET', n % 2 ? state : events));
      }
    });
    return {
      stop: async () => {
        isOver = true;
        await Promise.all(writers);
        return answers;
      },
    };
  };

  const expectFolded = async (): Promise<void> => {
    const { rows } = await service.db.pool.query<{ id: string; version: string; data: string; clocks: string; hash: string }>(
      `SELECT aggregate_id AS id, version, data::text, clocks::text, encode(hash, 'hex') AS hash FROM global_state.aggregate_states ORDER BY 1`);
    const folded = [];
    for await (const { state } of foldAll(service.db.pool)) {
      const { data, clocks } = freeze(state);
      folded.push({ id: state.ref.id, version: String(state.version), data, clocks, hash: state.hash });
    }
    expect(rows).toEqual(folded);
  };

  it('rebuild, refuse an overlap and go back while writers on two instances meet no error', async () => {
    const players = Array.from({ length: 30 }, () => fresh());
    const guild = fresh('guild');
    for (const { state } of [...players, guild]) {
      expect(await service.ask('PUT', state, { body: { changes: { gold: 0 }, expectedVersion: 0 } })).toMatchObject({ status: 200 });
    }
    const writers = writing(players);
    const hold = await service.db.pool.connect();
    await hold.query('BEGIN; LOCK TABLE global_state.state_rebuilds IN EXCLUSIVE MODE'); // it cannot come to its end meanwhile
    const asked = await begin('rebuild', { target: 'states', reason: 'spec' });
    for (const body of [{ target: 'states' }, { target: 'states', aggregateType: 'guild' }]) {
      expect(await begin('rebuild', body)).toMatchObject({
        status: 409, body: { error: 'OPERATION_CONFLICT', details: { operationId: asked.body['operationId'] } },
      });
    }
    expect(await begin('rebuild/revert', { target: 'states' })).toMatchObject({ status: 422 });
    await hold.query('COMMIT');
    hold.release();
    const rebuilt = await ended(asked);
    expect(rebuilt).toMatchObject({
      status: 'completed', progress: 1, unit: 'events', kind: 'rebuild-states',
      result: { aggregates: 31, differences: 0, samples: [], parked: 0, swapMs: expect.any(Number), types: expect.arrayContaining(['player', 'guild']) },
    });
    const one = await ended(await begin('rebuild', { target: 'states', aggregateType: 'guild' }));
    expect(one).toMatchObject({ status: 'completed', result: { aggregates: 1, types: ['guild'] } });
    const reverted = await ended(await begin('rebuild/revert', { target: 'states' }));
    expect(reverted).toMatchObject({ status: 'completed', result: { builds: expect.arrayContaining([{ build: 0, types: ['player'] }]), swapMs: expect.any(Number) } });
    const answers = await writers.stop();
    expect(answers.filter(({ status }) => status > 299).map(({ status, text }) => [status, text])).toEqual([]);
    expect(answers.length).toBeGreaterThan(50);
    await expectFolded();
    expect(await begin('rebuild/revert', { target: 'states' })).toMatchObject({ status: 422, body: { error: 'INVALID_OPERATION' } });
  });

  it('refuse states that differ unless that is accepted; then every instance serves the new ones', async () => {
    const { id, state } = fresh();
    await service.ask('PUT', state, { body: { changes: { gold: 7 }, expectedVersion: 0 } });
    const read = async (url: string): Promise<unknown> => (await (await fetch(`${url}${state}`, {
      headers: { authorization: `Bearer ${service.token('service')}` },
    })).json() as { data: unknown }).data;
    await service.db.pool.query(`UPDATE global_state.aggregate_states SET data = '{"gold":8}' WHERE aggregate_id = $1`, [id]);
    expect(await read(twin.url)).toEqual({ gold: 8 });
    const refused = await ended(await begin('rebuild', { target: 'states', aggregateType: 'player' }));
    expect(refused).toMatchObject({ status: 'failed', error: expect.stringContaining(`1 states differ from the live ones, which was not accepted: player/${id} (data)`) });
    expect(await read(service.url)).toEqual({ gold: expect.any(Number) });
    const { rows: left } = await service.db.pool.query(`SELECT FROM global_state.aggregate_state_builds WHERE build = (SELECT max(build) FROM global_state.state_rebuilds)`);
    expect(left).toEqual([]);

    const accepted = await ended(await begin('rebuild', { target: 'states', aggregateType: 'player', acceptDifferences: true }));
    expect(accepted).toMatchObject({ status: 'completed', result: { differences: 1, samples: [{ aggregateId: id, fields: ['data'] }] } });
    for (const { url } of [service, twin]) await eventually(async () => expect(await read(url)).toEqual({ gold: 7 }));
    await expectFolded();
  });

  it('replay a range through the fold: a dry run names what differs, and else it is repaired and served', async () => {
    const { id, state } = fresh('guild');
    const put = (expectedVersion: number) => service.ask('PUT', state, { body: { changes: { gold: { $inc: 7 } }, expectedVersion } });
    const fromPosition = Number((await service.db.pool.query('SELECT position FROM global_state.log_heads')).rows[0].position) + 1;
    for (const version of [0, 1]) expect(await put(version)).toMatchObject({ status: 200 });
    await service.db.pool.query(`UPDATE global_state.aggregate_states SET data = '{"gold":9}' WHERE aggregate_id = $1`, [id]);
    const from = { through: 'fold', fromPosition };
    const found = { dryRun: true, fromPosition, toPosition: fromPosition + 1, aggregates: 1, events: 2, differences: 1, repaired: 0, samples: [{ aggregateId: id }] };
    expect(await ended(await begin('replay', from))).toMatchObject({ status: 'completed', progress: 1, done: 2, result: found });
    expect(await ended(await begin('replay', { ...from, aggregateType: 'player' }))).toMatchObject({ result: { aggregates: 0, differences: 0 } });
    expect(await begin('replay', { ...from, from: new Date().toISOString() })).toMatchObject({ status: 400, body: { error: 'VALIDATION_ERROR' } });
    const repaired = await ended(await begin('replay', { ...from, dryRun: false }));
    expect(repaired).toMatchObject({ result: { ...found, dryRun: false, repaired: 1 } });
    for (const url of [service.url, twin.url]) {
      await eventually(async () => expect(await (await fetch(`${url}${state}`, { headers: { authorization: `Bearer ${token}` } })).json())
        .toMatchObject({ version: 2, data: { gold: 14 } }));
    }
    expect(await put(2)).toMatchObject({ status: 200 });
    expect(await service.ask('GET', state)).toMatchObject({ body: { version: 3, data: { gold: 21 } } });
    const nothing = await ended(await begin('replay', { through: 'fold', from: new Date(Date.now() + 60_000).toISOString() }));
    expect(nothing).toMatchObject({ status: 'completed', result: { aggregates: 0, events: 0 } });
    await expectFolded();
  });

  it('answer for a key with its operation, also where the same would be refused by now', async () => {
    await service.ask('PUT', fresh('world').state, { body: { changes: { gold: 1 }, expectedVersion: 0 } });
    await ended(await begin('rebuild', { target: 'states', aggregateType: 'world' }));
    const revert = { target: 'states', aggregateType: 'world' };
    const key = { 'idempotency-key': 'go-back' };
    const first = await begin('rebuild/revert', revert, key);
    expect(await ended(first)).toMatchObject({ status: 'completed' });
    expect(await begin('rebuild/revert', revert)).toMatchObject({ status: 422, body: { error: 'INVALID_OPERATION' } });
    expect(await begin('rebuild/revert', revert, key)).toMatchObject({ status: 202, body: { operationId: first.body['operationId'] } });
    expect(await begin('rebuild/revert', { target: 'states' }, key)).toMatchObject({ status: 422, body: { error: 'IDEMPOTENCY_KEY_REUSED' } });
  });

  it('park an aggregate that cannot be folded: it is among the dead letters', async () => {
    const { id, state } = fresh();
    await service.ask('PUT', state, { body: { changes: { gold: 7 }, expectedVersion: 0 } });
    await service.db.pool.query('ALTER TABLE global_state.events DISABLE TRIGGER append_only');
    await service.db.pool.query(`UPDATE global_state.events SET ops = '[["set"]]' WHERE aggregate_id = $1`, [id]);
    await service.db.pool.query('ALTER TABLE global_state.events ENABLE TRIGGER append_only');
    expect(await ended(await begin('rebuild', { target: 'states', aggregateType: 'player' }))).toMatchObject({ status: 'completed', result: { parked: 1 } });
    const { body } = await service.ask('GET', '/api/v1/dead-letters?status=parked', { token });
    expect(body).toMatchObject({ deadLetters: [{ consumer: 'states', aggregateType: 'player', aggregateId: id, error: expect.any(String), attempts: 1 }] });
    expect(await service.ask('GET', state)).toMatchObject({ body: { data: { gold: 7 } } });
    expect(await service.ask('PUT', state, { body: { changes: { gold: 8 }, expectedVersion: 1 } })).toMatchObject({ status: 200 });
  });
});
