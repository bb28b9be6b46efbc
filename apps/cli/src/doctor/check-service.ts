import { ApiError, ConnectionError } from '@app/client';
import { explainService, type Service } from '../service.js';
import { type Check, fail, messageOf, ok, upTo, warn } from './check.js';

const SKEW_MS = 1_000;
const LAG_SECONDS = 10;
const LISTED = 100;

/** Whether the service answers, how it says it is, and whether our clock is its clock. */
export async function checkService(service: Service): Promise<Check[]> {
  const asked = Date.now();
  try {
    const { status, version, uptime, timestamp } = await service.client.health();
    const skew = Math.abs(Date.parse(timestamp) - (asked + Date.now()) / 2);
    const found = `${status} at ${service.url}, version ${version}, up ${uptime} s`;
    return [
      status === 'healthy' ? ok('service', found) : warn('service', found, `see ${service.url}/api/v1/health?verbose`),
      await checkReady(service),
      upTo(SKEW_MS, skew, 'clock of the service', `${Math.round(skew)} ms apart`, 'synchronise the clocks: tokens and event times depend on them'),
    ];
  } catch (error) {
    if (error instanceof ApiError && error.status === 503) {
      return [fail('service', `answers at ${service.url}, and cannot serve: ${error.message}`, 'see its log, and whether its PostgreSQL runs')];
    }
    const found = error instanceof ConnectionError ? `does not answer at ${service.url}` : explainService(error, service.url)?.line ?? messageOf(error);
    return [fail('service', found, 'start it with npm start, or set GSS_URL')];
  }
}

async function checkReady(service: Service): Promise<Check> {
  try {
    await service.get('/readyz');
    return ok('readiness', 'ready');
  } catch (error) {
    return fail('readiness', messageOf(error), `see ${service.url}/readyz`);
  }
}

/** Whether our token opens what operators use, and what is to be seen there. */
export async function checkOperation(service: Service): Promise<Check[]> {
  try {
    const { projections } = await service.client.request('getProjections', {});
    return [
      ok('token', 'valid, of an operator'),
      ...projections.map(({ name, lag, stalled, stall, gaps }) => {
        const found = `${name} is ${lag.events} events (${lag.seconds.toFixed(1)} s) behind`;
        if (stalled) return fail('projection', `${name} stands still: ${stall?.reason ?? 'nobody moves it'}`, 'see the log; ANALYTICS=off on every instance also does that');
        if (!gaps.dense) return fail('projection', `${name}: positions are missing in the log`, 'run verify');
        return upTo(LAG_SECONDS, lag.seconds, 'projection', found, 'wait, or see what keeps the database busy');
      }),
      await checkOperations(service),
    ];
  } catch (error) {
    const isRole = error instanceof ApiError && error.status === 403;
    const found = explainService(error, service.url)?.line ?? messageOf(error);
    return [(isRole ? warn : fail)('token', found, 'set GSS_TOKEN to a token of an operator, or unset it where the secret is at hand')];
  }
}

interface Open {
  readonly status: string;
  readonly kind: string;
  readonly operationId: string;
}

async function checkOperations(service: Service): Promise<Check> {
  try {
    const { operations } = await service.get<{ operations: readonly Open[] }>('/api/v1/operations', { limit: LISTED });
    const failed = operations.find(({ status }) => status === 'failed');
    const open = operations.filter(({ status }) => ['queued', 'running', 'cancelling'].includes(status));
    if (failed) {
      return warn('operations', `${failed.kind} ${failed.operationId} failed`, `see operations get ${failed.operationId}; operations resume goes on with it`);
    }
    return ok('operations', open.length === 0 ? 'none under way' : open.map(({ kind, status }) => `${kind} ${status}`).join(', '));
  } catch (error) {
    return warn('operations', messageOf(error), 'see whether the service is of this version');
  }
}
