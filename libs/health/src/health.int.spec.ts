import { ServiceError } from '@app/kernel';
import { eventually } from '@app/testing';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { HealthPorts, Lifecycle } from './health-ports.js';
import { HEALTH_RESPONSE_SCHEMA } from './health-schemas.js';
import type { HealthResponse } from './health.controller.js';
import { HealthModule } from './health.module.js';
import type { Reading } from './probe.js';
import { PROBE_ROOT_PATHS } from './probes.controller.js';

const SECRET = 'postgres://gss:sesame@10.0.0.5/gss';
const ROUTES = ['/api/v1/health', '/livez', '/readyz', '/startupz'];

/** What the service around health is doing; the tests change it. */
class World {
  lifecycle: Lifecycle = 'ready';
  database: 'up' | 'down' | 'hangs' = 'up';
  databaseCalls = 0;
  cacheHitRate?: number;
  searching?: 'degraded' | 'down';

  readonly ports: HealthPorts = {
    version: '1.2.3',
    startedAt: Date.now() - 61_500,
    activeConnections: () => 17,
    lifecycle: () => this.lifecycle,
    cacheHitRate: () => this.cacheHitRate,
    database: async () => {
      this.databaseCalls += 1;
      if (this.database === 'hangs') await new Promise(() => undefined);
      if (this.database === 'down') throw Object.assign(new Error(SECRET), { code: 'ECONNREFUSED' });
    },
    extra: {
      search: async () => {
        if (this.searching === 'down') throw new Error(SECRET);
        return this.searching && { status: this.searching, message: 'slow index' };
      },
    },
  };
}

/** A passing answer or an error body. */
type Body = HealthResponse & { message: string; details: { failing: string[]; checks: Record<string, Reading> } };

/** The part of the service's filter that health leans on. */
@Catch()
class ErrorFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost) {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (!(exception instanceof ServiceError)) {
      void reply.status(exception instanceof HttpException ? exception.getStatus() : 500).send({ error: 'OTHER' });
      return;
    }
    const { error, status, message, details, retryAfterSeconds } = exception;
    void reply.status(status).header('retry-after', retryAfterSeconds).send({
      error, code: String(status), message, timestamp: new Date().toISOString(), details,
    });
  }
}

async function startApp({ ports }: World): Promise<NestFastifyApplication> {
  @Module({ imports: [HealthModule.registerAsync({ useFactory: () => ports })] })
  class AppModule {}
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: false });
  app.setGlobalPrefix('api/v1', { exclude: PROBE_ROOT_PATHS });
  app.useGlobalFilters(new ErrorFilter());
  await app.listen(0, '127.0.0.1');
  return app;
}

describe('health', () => {
  let world: World;
  let app: NestFastifyApplication;
  let base: string;

  beforeEach(async () => {
    world = new World();
    app = await startApp(world);
    base = await app.getUrl();
  });
  afterEach(() => app.close());

  const ask = async (path: string) => {
    const before = performance.now();
    const response = await fetch(base + path, { headers: { connection: 'close' } });
    const body = await response.json() as Body;
    return { status: response.status, headers: response.headers, body, ms: performance.now() - before };
  };
  const settled = (path: string, status: number) => eventually(async () => {
    const answer = await ask(path);
    expect(answer.status).toBe(status);
    return answer;
  });

  it('answers with real figures, all of them as the contract has them', async () => {
    const { status, headers, body } = await ask('/api/v1/health');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      status: 'healthy', version: '1.2.3', uptime: expect.any(Number), timestamp: expect.any(String),
      activeConnections: 17,
    });
    expect(body.uptime).toBeGreaterThanOrEqual(61);
    expect(body.uptime).toBeLessThanOrEqual((Date.now() - (world.ports.startedAt as number)) / 1000);
    expect(new Date(body.timestamp).toISOString()).toBe(body.timestamp);
    expect(Object.keys(body)).toEqual(HEALTH_RESPONSE_SCHEMA.required);
  });

  it('shows the cache hit rate once there is one', async () => {
    world.cacheHitRate = 0;
    expect((await ask('/api/v1/health')).body.cacheHitRate).toBe(0);
  });

  it.each(['?verbose', '?verbose=true', '?verbose=1'])('shows its checks with %s', async (query) => {
    const up = { status: 'up', latencyMs: expect.any(Number) };
    expect((await ask(`/api/v1/health${query}`)).body.checks).toEqual({ database: up, search: up });
    expect((await ask(`/readyz${query}`)).body.checks)
      .toEqual({ lifecycle: { ...up, message: 'ready' }, database: up, search: up });
    expect((await ask(`/livez${query}`)).body.checks).toEqual({ process: up });
    expect((await ask(`/startupz${query}`)).body.checks).toEqual({ lifecycle: { ...up, message: 'ready' } });
  });

  it.each(['', '?verbose=false', '?verbose=no', '?verbose&verbose'])('keeps them to itself: "%s"', async (query) => {
    for (const route of ROUTES) expect((await ask(route + query)).body).not.toHaveProperty('checks');
  });

  it('is unavailable and unready, but alive, while the database is down, and says why without secrets', async () => {
    world.database = 'down';
    const { body, headers } = await settled('/api/v1/health', 503);
    expect(body).toEqual({
      error: 'SERVICE_UNAVAILABLE', code: '503', message: 'not healthy: database', timestamp: expect.any(String),
      details: { failing: ['database'] },
    });
    expect(headers.get('retry-after')).toBe('1');
    expect(headers.get('cache-control')).toBe('no-store');
    const verbose = await ask('/readyz?verbose');
    expect(verbose.status).toBe(503);
    expect(verbose.headers.get('cache-control')).toBe('no-store');
    expect(verbose.body.details).toMatchObject({
      failing: ['database'],
      checks: { database: { status: 'down', message: 'failed (ECONNREFUSED)' }, lifecycle: { status: 'up' } },
    });
    expect(JSON.stringify(verbose.body)).not.toMatch(/sesame|10\.0\.0\.5/);
    expect((await ask('/livez')).status).toBe(200);
    expect((await ask('/startupz')).status).toBe(200);
    world.database = 'up';
    await settled('/readyz', 200);
    await settled('/api/v1/health', 200);
  });

  it('answers in milliseconds while the database hangs, and finds out by itself', async () => {
    await settled('/readyz', 200);
    world.database = 'hangs';
    const answers: Awaited<ReturnType<typeof ask>>[] = [];
    await eventually(async () => {
      answers.push(...await Promise.all(ROUTES.map((route) => ask(route))));
      expect(answers.slice(-4).map(({ status }) => status)).toEqual([503, 200, 503, 200]);
    });
    const times = answers.map(({ ms }) => ms).sort((a, b) => a - b);
    expect(times[times.length >> 1]).toBeLessThan(100);
    expect(times.at(-1)).toBeLessThan(1000); // or it waited for the database
    expect((await ask('/readyz?verbose')).body.details.checks.database)
      .toEqual({ status: 'down', latencyMs: 1000, message: 'no answer within 1000 ms' });
  });

  it('notices a database that hangs when nobody asks', async () => {
    await eventually(() => expect(world.databaseCalls).toBeGreaterThan(0));
    const { databaseCalls } = world;
    world.database = 'hangs';
    await eventually(() => expect(world.databaseCalls).toBe(databaseCalls + 1));
  });

  it('asks the database once for any number of callers', async () => {
    await settled('/readyz', 200);
    const before = world.databaseCalls;
    const started = performance.now();
    await Promise.all(Array.from({ length: 50 }, () => ask('/readyz')));
    const moments = Math.ceil((performance.now() - started) / 250) + Math.ceil((performance.now() - started) / 1000);
    expect(world.databaseCalls - before).toBeLessThanOrEqual(moments + 1);
  });

  it('does not touch the database for liveness', async () => {
    world.database = 'down';
    await settled('/readyz', 503);
    expect((await ask('/livez?verbose')).body.checks).not.toHaveProperty('database');
    expect((await ask('/livez')).body).toEqual({ status: 'ok', timestamp: expect.any(String) });
  });

  it('goes from starting over ready to draining', async () => {
    const statuses = async () => (await Promise.all(ROUTES.map(ask))).map(({ status }) => status);
    world.lifecycle = 'starting';
    expect(await statuses()).toEqual([200, 200, 503, 503]);
    expect((await ask('/api/v1/health')).body.status).toBe('starting');
    expect((await ask('/startupz?verbose')).body.details).toEqual({
      failing: ['lifecycle'], checks: { lifecycle: { status: 'down', latencyMs: 0, message: 'starting' } },
    });
    world.lifecycle = 'ready';
    expect(await statuses()).toEqual([200, 200, 200, 200]);
    world.lifecycle = 'draining';
    expect(await statuses()).toEqual([200, 200, 503, 200]);
    expect((await ask('/api/v1/health')).body.status).toBe('draining');
    expect((await ask('/readyz')).body).toMatchObject({ message: 'not ready: lifecycle' });
  });

  it('is degraded, and still ready, when something else limps; not when it is down', async () => {
    world.searching = 'degraded';
    await eventually(async () => expect((await ask('/api/v1/health')).body.status).toBe('degraded'));
    const { status, body } = await ask('/readyz?verbose');
    expect(status).toBe(200);
    expect(body.status).toBe('degraded');
    expect(body.checks?.search).toMatchObject({ status: 'degraded', message: 'slow index' });
    world.searching = 'down';
    await settled('/api/v1/health', 503);
    expect((await ask('/readyz')).body.details).toEqual({ failing: ['search'] });
  });

  it('is alive until it is gone', async () => {
    let answer: Awaited<ReturnType<typeof ask>> | undefined;
    const ending = new World();
    // Hooks run from the outermost module inwards: this one after that of terminus, which then fails every check.
    @Module({})
    class InnermostModule {
      async beforeApplicationShutdown() {
        answer = await ask('/livez');
      }
    }
    @Module({ imports: [InnermostModule] })
    class InnerModule {}
    @Module({ imports: [InnerModule] })
    class OuterModule {}
    @Module({ imports: [HealthModule.register(ending.ports), OuterModule] })
    class EndingModule {}
    const adapter = new FastifyAdapter();
    const second = await NestFactory.create<NestFastifyApplication>(EndingModule, adapter, { logger: false });
    await second.listen(0, '127.0.0.1');
    base = await second.getUrl();
    await second.close();
    expect(answer?.status).toBe(200);
    const { databaseCalls } = ending;
    await eventually(() => expect(world.databaseCalls).toBeGreaterThan(2));
    expect(ending.databaseCalls).toBe(databaseCalls);
  });

  it('describes itself', () => {
    const { paths }: OpenAPIObject = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    const ids = Object.entries(paths).map(([path, { get }]) => [path, get?.operationId]);
    expect(Object.fromEntries(ids)).toEqual({
      '/api/v1/health': 'globalStateHealth', '/livez': 'livez', '/readyz': 'readyz', '/startupz': 'startupz',
    });
    for (const [path, { get }] of Object.entries(paths)) {
      const schema = path === '/api/v1/health' ? { $ref: '#/components/schemas/HealthResponse' } : { type: 'object' };
      expect(get?.parameters).toMatchObject([{ name: 'verbose', in: 'query', required: false }]);
      expect(get?.responses).toMatchObject({
        200: { content: { 'application/json': { schema } } },
        503: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
      });
    }
  });
});
