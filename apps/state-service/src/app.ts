import { RequestAudit } from '@app/audit';
import { FastAccess } from '@app/auth';
import { LayeredCache } from '@app/cache';
import { EventStore, poolOf } from '@app/event-store';
import { hotReads } from '@app/game-state';
import { FastifyNestLogger, METRICS_ROOT_PATHS, Metrics, observeHttp, requestIdOf } from '@app/observability';
import { PROBE_ROOT_PATHS } from '@app/health';
import { StreamAdapter } from '@app/stream';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { DataSource } from 'typeorm';
import { AppModule, type Settled } from './app.module.js';
import { FrontDoor } from './http/front-door.js';
import { describeApi, operationNames, serveApiReference } from './http/openapi.js';
import { createAdapter, isLongUpload } from './http/server.js';
import type { Lifecycle } from './lifecycle.js';
import { shedLoad } from './shedding/shed-load.js';
import type { Siblings } from './workers/siblings.js';

/**
 * The whole application, ready to listen.
 * @param siblings the other processes where several are one instance
 */
export async function createApp(
  config: Omit<Settled, 'log'>, lifecycle: Lifecycle, siblings?: Siblings,
): Promise<NestFastifyApplication> {
  const door = new FrontDoor();
  const adapter = createAdapter(config, door);
  const fastify = adapter.getInstance<FastifyInstance>();
  const settled: Settled = { ...config, log: (line, level = 'warn') => fastify.log[level](line) };
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.register(settled, lifecycle, siblings), adapter, {
    logger: new FastifyNestLogger(fastify.log), bodyParser: false, abortOnError: false,
  });
  const metrics = app.get(Metrics);
  const watch = observeHttp(fastify, metrics, isLongUpload);
  door.watch = watch;
  const cache = app.get(LayeredCache, { strict: false });
  const isOverloaded = shedLoad(fastify, { metrics, appends: app.get(EventStore), pool: poolOf(app.get(DataSource)), states: cache });
  siblings?.share(metrics, () => fastify.openConnections());
  closeConnectionsWhenDraining(fastify, lifecycle);
  app.setGlobalPrefix('api/v1', { exclude: [...METRICS_ROOT_PATHS, ...PROBE_ROOT_PATHS] });
  const api = describeApi(app);
  serveApiReference(app, api);
  app.get(RequestAudit, { strict: false }).watch(fastify, operationNames(api));
  app.useWebSocketAdapter(new StreamAdapter(app));
  await app.init();
  door.shortcut = hotReads('/api/v1', {
    cache, access: app.get(FastAccess, { strict: false }), requestIdOf, answered: watch.answered,
    isOpen: () => lifecycle.phase !== 'draining' && !isOverloaded(),
  });
  return app;
}

/** A connection that stayed open after its last answer would hold the end of the process back. */
function closeConnectionsWhenDraining(fastify: FastifyInstance, lifecycle: Lifecycle): void {
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (lifecycle.phase === 'draining') void reply.header('connection', 'close');
    done(null, payload);
  });
}
