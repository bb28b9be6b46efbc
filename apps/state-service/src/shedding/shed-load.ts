import { PROBE_ROOT_PATHS } from '@app/health';
import { ServiceError } from '@app/kernel';
import { METRICS_ROOT_PATHS, type Metrics, type ShedReason } from '@app/observability';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refuse } from '../http/error.filter.js';
import { AppendQueue, type Appends } from './append-queue.js';
import { LoopDelay } from './loop-delay.js';
import { type Connections, PoolWait, type StateReads } from './pool-wait.js';

const RETRY_AFTER_SECONDS = 1;

/** They tell of the overload, so they answer in it. */
const ALWAYS = new Set([...METRICS_ROOT_PATHS, ...PROBE_ROOT_PATHS, 'api/v1/health'].map((path) => `/${path}`));

const MESSAGES: Readonly<Record<ShedReason, string>> = {
  event_loop: 'the service is overloaded',
  append_queue: 'too many commands are waiting',
  database_pool: 'too many reads are waiting',
};

interface Loaded {
  readonly appends: Appends;
  readonly pool: Connections;
  readonly states: StateReads;
  readonly metrics: Metrics;
}

/**
 * Refuses with 503 what would only wait, before its body is read and before Nest. Call it after `observeHttp`.
 *
 * Whether the event loop is late is asked of every request, whether the append queue is long of every write, and whether
 * others wait for the database of every read that came this far.
 * Returns whether the event loop is late, for what answers before Fastify.
 */
export function shedLoad(fastify: FastifyInstance, { appends, pool, states, metrics }: Loaded): () => boolean {
  const loop = new LoopDelay();
  const queue = new AppendQueue(appends);
  const wait = new PoolWait(pool, states);
  metrics.gauge('event_loop_delay_seconds', 'The longest turn of the event loop in the last seconds.', () => loop.peak / 1000,
    { aggregator: 'max' });
  const shed = (reason: ShedReason, request: FastifyRequest, reply: FastifyReply): void => {
    metrics.shed(reason);
    refuse(new ServiceError('SERVICE_UNAVAILABLE', MESSAGES[reason], undefined, RETRY_AFTER_SECONDS), request, reply);
    request.refusal = { ...request.refusal!, shed: reason };
  };
  fastify.addHook('onListen', (done) => {
    loop.start();
    done();
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    if (loop.isLong && !isAlways(request)) shed('event_loop', request, reply);
    else if (!isRead(request) && queue.isFull && !request.is404) shed('append_queue', request, reply);
    else if (isRead(request) && wait.isLong && !request.is404 && !isAlways(request)) shed('database_pool', request, reply);
    else done();
  });
  fastify.addHook('onClose', (_instance, done) => {
    for (const watch of [loop, queue, wait]) watch.stop();
    done();
  });
  return () => loop.isLong;
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

function isAlways(request: FastifyRequest): boolean {
  return ALWAYS.has(request.routeOptions.url ?? '');
}
