import { randomUUID } from 'node:crypto';
import { fresh, type Service, startService } from './support/service.js';

describe('time travel over HTTP', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ SNAPSHOT_EVERY: '2' });
  });
  afterAll(async () => {
    await service.stop();
  });

  const put = async (state: string, changes: object, expectedVersion: number): Promise<string> => {
    const { status, body } = await service.ask('PUT', state, { body: { changes, expectedVersion } });
    expect(status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 5)); // so that no two have one time
    return body['timestamp'] as string;
  };
  const before = (time: string): string => new Date(Date.parse(time) - 1).toISOString();

  it('shows a state as it was at a time', async () => {
    const { state } = fresh();
    const times = [await put(state, { gold: 1 }, 0), await put(state, { gold: 2 }, 1), await put(state, { gold: 3 }, 2)];
    for (const [i, time] of times.entries()) {
      expect(await service.ask('GET', `${state}?at=${time}`)).toMatchObject({ status: 200, body: { version: i + 1, data: { gold: i + 1 } } });
      if (i > 0) expect((await service.ask('GET', `${state}?at=${before(time)}`)).body).toMatchObject({ version: i });
    }
    expect(await service.ask('GET', `${state}?at=${before(times[0]!)}`)).toMatchObject({ status: 404, body: { error: 'STATE_NOT_FOUND' } });
    expect((await service.ask('GET', `${state}?at=2100-01-01T00:00:00Z`)).body).toMatchObject({ version: 3 });
    expect((await service.ask('GET', `${state}?at=${times[0]!.replace('Z', '%2B00:00')}`)).body).toMatchObject({ version: 1 });
  });

  it('keeps the past of what was deleted', async () => {
    const { state } = fresh();
    const time = await put(state, { gold: 1 }, 0);
    expect((await service.ask('DELETE', state)).status).toBe(204);
    expect((await service.ask('GET', `${state}?at=${time}`)).body).toMatchObject({ version: 1, data: { gold: 1 } });
    expect(await service.ask('GET', `${state}?at=2100-01-01T00:00:00Z`)).toMatchObject({ status: 404, body: { details: { deletedAtVersion: 2 } } });
    expect((await service.ask('GET', `${state}/diff?from=1&to=2`)).body).toMatchObject({ patch: [{ op: 'remove', path: '/gold' }] });
  });

  it('tells what changed between versions and times', async () => {
    const { id, state } = fresh();
    const first = await put(state, { gold: 1, bag: { gems: [1] } }, 0);
    const third = [await put(state, { gold: 2, title: 'knight' }, 1), await put(state, { bag: { gems: [1, 2] }, title: null }, 2)][1]!;
    const expected = {
      aggregateType: 'player', aggregateId: id, from: { version: 1, timestamp: first }, to: { version: 3, timestamp: third },
      patch: [{ op: 'replace', path: '/bag/gems', value: [1, 2] }, { op: 'replace', path: '/gold', value: 2 }],
      changes: [{ path: '/bag/gems', old: [1], new: [1, 2] }, { path: '/gold', old: 1, new: 2 }],
    };
    for (const query of ['from=1&to=3', `from=${first}&to=${third}`, `from=1&to=${third}`]) {
      expect(await service.ask('GET', `${state}/diff?${query}`)).toMatchObject({ status: 200, body: expected });
    }
    expect((await service.ask('GET', `${state}/diff?from=3&to=1`)).body).toMatchObject({ changes: [{ old: [1, 2], new: [1] }, { old: 2, new: 1 }] });
    expect(await service.ask('GET', `${state}/diff?from=1&to=4`)).toMatchObject({ status: 404 });
  });

  it('shows the world at one moment, page by page, whatever happens meanwhile', async () => {
    const guilds = Array.from({ length: 25 }, () => randomUUID()).sort();
    let last = '';
    for (const [i, id] of guilds.entries()) last = await put(`/api/v1/state/guild/${id}`, { gold: i }, 0);
    const seen: [string, number][] = [];
    let next: string | undefined = `/api/v1/world-at?at=${last}&type=guild&limit=10`;
    for (let page = 0; next; page += 1) {
      const answer = await service.ask('GET', next);
      expect(answer.status).toBe(200);
      seen.push(...(answer.body['states'] as { aggregateId: string; data: { gold: number } }[]).map(({ aggregateId, data }) => [aggregateId, data.gold] as [string, number]));
      next = /<([^>]+)>/.exec(answer.headers.get('link') ?? '')?.[1];
      expect(answer.body['hasMore']).toBe(next !== undefined);
      for (const id of guilds) await service.ask('PATCH', `/api/v1/state/guild/${id}`, { body: { gold: 1_000 + page }, headers: { 'content-type': 'application/merge-patch+json' } });
      await service.ask('PUT', `/api/v1/state/guild/${randomUUID()}`, { body: { changes: { gold: 5 }, expectedVersion: 0 } });
      await service.ask('DELETE', `/api/v1/state/guild/${guilds[24 - page]}`);
    }
    expect(seen).toEqual(guilds.map((id, i) => [id, i]));
  });

  it.each([
    ['?at=yesterday', 400], ['?at=2026-11-25', 400], ['?version=1&at=2100-01-01T00:00:00Z', 400], ['/diff?from=1', 400], ['/diff?from=0&to=1', 400],
    ['/diff?from=x&to=1', 400], ['/diff?from=1&to=99', 404],
  ])('refuses %s with %d', async (tail, status) => {
    const { state } = fresh();
    await put(state, { gold: 1 }, 0);
    expect((await service.ask('GET', state + tail)).status).toBe(status);
  });

  it.each([['', 400], ['?at=now', 400], ['?at=2100-01-01T00:00:00Z&type=quest', 400], ['?cursor=x', 400], ['?at=2100-01-01T00:00:00Z&limit=0', 400]])(
    'refuses the world-at%s with %d', async (query, status) => {
      expect((await service.ask('GET', `/api/v1/world-at${query}`)).status).toBe(status);
    });

  it('shows each role what it may read', async () => {
    const { id, state } = fresh();
    const time = await put(state, { gold: 1 }, 0);
    const ask = (path: string, token: string) => service.ask('GET', path, { token }).then(({ status }) => status);
    const player = service.token('player', { playerId: id });
    const guilds = service.token('viewer', { aggregateTypes: ['guild'] });
    expect(await ask(`${state}?at=${time}`, player)).toBe(200);
    expect(await ask(`${state}/diff?from=1&to=1`, player)).toBe(200);
    expect(await ask(`/api/v1/world-at?at=${time}`, player)).toBe(403);
    expect(await ask(`/api/v1/world-at?at=${time}`, guilds)).toBe(403);
    expect(await ask(`/api/v1/world-at?at=${time}&type=player`, guilds)).toBe(403);
    expect(await ask(`/api/v1/world-at?at=${time}&type=guild`, guilds)).toBe(200);
  });
});
