import { randomUUID } from 'node:crypto';
import { type Action, authorize, PERMISSIONS, type Role, ROLES } from '@app/auth';
import { fresh, type Service, startService } from './support/service.js';

/** Routes that need no token. Everything else must refuse to answer without one. */
const PUBLIC = [
  'GET /api/v1/health', 'GET /livez', 'GET /readyz', 'GET /startupz', 'GET /metrics', 'GET /api/v1/openapi.json', 'GET /api/v1/docs',
  'GET /api/v1/asyncapi.json',
];

interface Route {
  readonly method: string;
  readonly path: string;
  readonly action: Action;
  readonly body?: object;
  readonly type?: string;
}

describe('who may do what', () => {
  let service: Service;
  const player = randomUUID();
  const at = fresh();
  const own = { state: `/api/v1/state/player/${player}`, events: `/api/v1/events/player/${player}` };

  const ROUTES: Route[] = [
    { method: 'GET', path: '/state', action: 'read' },
    { method: 'GET', path: '/events', action: 'read' },
    { method: 'PUT', path: '/state', action: 'write', body: { changes: { level: 2 }, expectedVersion: 1 } },
    { method: 'PATCH', path: '/state', action: 'write', body: { level: 2 }, type: 'application/merge-patch+json' },
    { method: 'POST', path: '/events', action: 'write', body: { eventType: 'X', aggregateType: 'player', eventData: {} } },
    { method: 'POST', path: '/events/batch', action: 'write' },
    { method: 'DELETE', path: '/state', action: 'delete' },
  ];
  /** Routes without an aggregate; as served, and as they are called. */
  const OPERATING = [
    { method: 'POST', path: '/tokens/revocations', body: { tokenId: 'nobody has this one' }, status: 201 },
    { method: 'GET', path: '/tokens/revocations', status: 200 },
    { method: 'DELETE', path: '/tokens/revocations/{id}', status: 404 },
    { method: 'GET', path: '/projections', status: 200 },
    { method: 'GET', path: '/dead-letters', status: 200 },
    { method: 'POST', path: '/dead-letters/{deadLetterId}/retry', status: 404 },
    { method: 'POST', path: '/dead-letters/{deadLetterId}/discard', body: { reason: 'x' }, status: 404 },
    { method: 'POST', path: '/operations/rebuild', body: { target: 'nothing' }, status: 400 },
    { method: 'POST', path: '/operations/rebuild/revert', body: { target: 'nothing' }, status: 400 },
    { method: 'POST', path: '/operations/replay', body: { through: 'nothing' }, status: 400 },
    { method: 'POST', path: '/operations/verify', body: { limit: 0 }, status: 400 },
    { method: 'GET', path: '/operations', status: 200 },
    { method: 'GET', path: '/operations/{operationId}', status: 404 },
    { method: 'POST', path: '/operations/{operationId}/cancel', status: 404 },
    { method: 'POST', path: '/operations/{operationId}/resume', status: 404 },
    { method: 'GET', path: '/audit', status: 200 },
    { method: 'GET', path: '/flags', status: 200 },
    { method: 'GET', path: '/flags/{flagId}', status: 404 },
    { method: 'POST', path: '/flags/{flagId}/assign', body: { assignee: 'x' }, status: 404 },
    { method: 'POST', path: '/flags/{flagId}/resolve', body: { resolution: 'confirmed', note: 'x' }, status: 404 },
    { method: 'GET', path: '/quarantines', status: 200 },
    { method: 'GET', path: '/rules', status: 200 },
    { method: 'POST', path: '/rollbacks', body: { scope: { correlationId: randomUUID() } }, status: 422 },
    { method: 'GET', path: '/rollbacks', status: 200 },
    { method: 'GET', path: '/rollbacks/{rollbackId}', status: 404 },
    { method: 'POST', path: '/rollbacks/{rollbackId}/execute', body: { reason: 'x', confirm: '1' }, status: 404 },
    { method: 'POST', path: '/rollbacks/{rollbackId}/undo', body: { reason: 'x' }, status: 404 },
  ];

  /** Routes that read of many aggregates. */
  const OVERVIEWS = ['/analytics/state-changes', '/analytics/events', '/world-at'];
  /** Routes with specs of their own for who may: streams-access, streams-sse, time-travel, transactions, flags. */
  const ELSEWHERE = [
    'GET /api/v1/stream', 'POST /api/v1/stream/tickets', 'GET /api/v1/state/{aggregateType}/{aggregateId}/diff', 'POST /api/v1/commands/transaction',
    'GET /api/v1/quarantines/{aggregateType}/{aggregateId}', 'POST /api/v1/quarantines/{aggregateType}/{aggregateId}/release',
  ];

  const call = (route: Route, id: string, token: string | null): ReturnType<Service['ask']> => {
    const collection = route.path === '/events/batch' || route.method === 'POST';
    const event = { ...ROUTES[4]!.body, aggregateId: id };
    const body = route.path === '/events/batch' ? { events: [event] } : route.method === 'POST' ? event : route.body;
    return service.ask(route.method, `/api/v1${route.path}${collection ? '' : `/player/${id}`}`, {
      token, body, headers: route.type ? { 'content-type': route.type } : {},
    });
  };

  beforeAll(async () => {
    service = await startService();
    for (const id of [player, at.id]) {
      await service.ask('PUT', `/api/v1/state/player/${id}`, { body: { changes: { level: 1 }, expectedVersion: 0 } });
    }
  });
  afterAll(async () => {
    await service.stop();
  });

  it('knows every route of the application: a new one must be added here, or be public', () => {
    const served = routesOf(service);
    const walked = ROUTES.map(({ method, path }) =>
      `${method} /api/v1${path}${method === 'POST' || path === '/events/batch' ? '' : '/{aggregateType}/{aggregateId}'}`);
    const operating = OPERATING.map(({ method, path }) => `${method} /api/v1${path}`);
    const overviews = OVERVIEWS.map((path) => `GET /api/v1${path}`);
    expect(served.filter((route) => !PUBLIC.includes(route)).sort()).toEqual([...walked, ...operating, ...overviews, ...ELSEWHERE].sort());
  });

  it('asks for a token everywhere but on public routes', async () => {
    for (const route of ROUTES) {
      expect(await call(route, at.id, null)).toMatchObject({ status: 401, body: { error: 'UNAUTHENTICATED' } });
      const garbled = await call(route, at.id, 'not.a.token');
      expect(garbled.status).toBe(401);
      expect(garbled.headers.get('www-authenticate')).toContain('Bearer');
    }
    for (const route of PUBLIC) {
      const [method, path] = route.split(' ');
      expect((await service.ask(method!, path!, { token: null })).status).toBe(200);
    }
  });

  const cases = ROLES.flatMap((role) => ROUTES.map((route) => [role, route.method, route.path, route] as const));
  it.each(cases)('%s: %s %s of its own and of another player', async (role: Role, _method, _path, route) => {
    const token = service.token(role, { playerId: player });
    for (const id of [player, at.id]) {
      const allowed = may(role, route.action, player, id);
      const answer = await call(route, id, token);
      const batch = route.path === '/events/batch';
      const status = batch && answer.status === 200
        ? Number((answer.body['results'] as { code: string }[])[0]!.code) : answer.status;
      if (allowed) expect([200, 201, 204, 404, 409]).toContain(status);
      else expect(status).toBe(403);
      if (route.action === 'delete' && status === 204) await service.ask('PUT', `/api/v1/state/player/${id}`, {
        body: { changes: { level: 1 }, expectedVersion: 0 },
      });
    }
  });

  it.each(ROLES.flatMap((role) => OPERATING.map((route) => [role, route.method, route.path, route] as const)))(
    '%s: %s %s', async (role, method, path, { body, status }) => {
      const url = `/api/v1${path.replace(/{\w+}/, at.id)}`;
      expect((await service.ask(method, url, { token: null, body })).status).toBe(401);
      const answer = await service.ask(method, url, { token: service.token(role, { playerId: player }), body });
      expect(answer.status).toBe(role === 'operator' || role === 'admin' ? status : 403);
    });

  it.each(ROLES.flatMap((role) => OVERVIEWS.map((path) => [role, path] as const)))('%s: GET %s', async (role, path) => {
    expect((await service.ask('GET', `/api/v1${path}`, { token: null })).status).toBe(401);
    const url = `/api/v1${path}${path === '/world-at' ? '?at=2026-01-01T00:00:00Z' : ''}`;
    const answer = await service.ask('GET', url, { token: service.token(role, { playerId: player }) });
    expect(answer.status).toBe(role === 'player' ? 403 : 200);
  });

  it('limits any role to the aggregate types of its token', async () => {
    const token = service.token('admin', { aggregateTypes: ['guild'] });
    expect(await service.ask('GET', own.state, { token })).toMatchObject({ status: 403, body: { error: 'FORBIDDEN' } });
    expect(await service.ask('GET', own.events, { token })).toMatchObject({ status: 403 });
    expect(await service.ask('GET', fresh('guild').state, { token })).toMatchObject({ status: 404 });
    expect(await service.ask('POST', '/api/v1/events', {
      token, body: { eventType: 'X', aggregateType: 'player', aggregateId: player, eventData: {} },
    })).toMatchObject({ status: 403 });
  });

  it('has no role without permissions', () => {
    expect(Object.keys(PERMISSIONS).sort()).toEqual([...ROLES].sort());
  });
});

function may(role: Role, action: Action, player: string, id: string): boolean {
  try {
    authorize({ subject: 'x', roles: [role], playerId: player }, action, { aggregateType: 'player', aggregateId: id });
    return true;
  } catch {
    return false;
  }
}

/** Every route as the OpenAPI document and the server's own table have it. */
function routesOf(service: Service): string[] {
  const table = service.app.getHttpAdapter().getInstance()
    .printRoutes({ commonPrefix: false });
  return parseRoutes(table);
}

function parseRoutes(table: string): string[] {
  const routes: string[] = [];
  const stack: string[] = [];
  for (const line of table.split('\n')) {
    const found = /^([│ ]*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/u.exec(line);
    if (!found) continue;
    const depth = found[1]!.length / 4;
    stack.length = depth;
    stack.push(found[2]!);
    const path = stack.join('').replace(/:(\w+)/g, '{$1}');
    const isPage = path.startsWith('/api/v1/docs') && path !== '/api/v1/docs';
    for (const method of found[3]?.split(', ') ?? []) {
      if (method !== 'HEAD' && method !== 'OPTIONS' && !isPage) routes.push(`${method} ${path}`);
    }
  }
  return [...new Set(routes)];
}
