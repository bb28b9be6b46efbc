import { FastifyNestLogger, METRICS_ROOT_PATHS, Metrics, observeHttp } from '@app/observability';
import { PROBE_ROOT_PATHS } from '@app/health';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { AppModule, type Settled } from './app.module.js';
import { describeApi, serveApiReference } from './http/openapi.js';
import { createAdapter } from './http/server.js';
import type { Lifecycle } from './lifecycle.js';

/** The whole application, ready to listen. */
export async function createApp(config: Omit<Settled, 'log'>, lifecycle: Lifecycle): Promise<NestFastifyApplication> {
  const adapter = createAdapter(config);
  const fastify = adapter.getInstance<FastifyInstance>();
  const settled: Settled = { ...config, log: (line) => fastify.log.warn(line) };
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.register(settled, lifecycle), adapter, {
    logger: new FastifyNestLogger(fastify.log), bodyParser: false, abortOnError: false,
  });
  observeHttp(fastify, app.get(Metrics));
  closeConnectionsWhenDraining(fastify, lifecycle);
  app.setGlobalPrefix('api/v1', { exclude: [...METRICS_ROOT_PATHS, ...PROBE_ROOT_PATHS] });
  serveApiReference(app, describeApi(app));
  await app.init();
  return app;
}

/** A connection that stayed open after its last answer would hold the end of the process back. */
function closeConnectionsWhenDraining(fastify: FastifyInstance, lifecycle: Lifecycle): void {
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (lifecycle.phase === 'draining') void reply.header('connection', 'close');
    done(null, payload);
  });
}
