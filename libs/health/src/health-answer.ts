import { ServiceError } from '@app/kernel';
import { applyDecorators } from '@nestjs/common';
import {
  ApiOkResponse, ApiOperation, ApiQuery, ApiServiceUnavailableResponse, type SchemaObject,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Report } from './health-checks.js';

const RETRY_AFTER_SECONDS = 1;

interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly schema: SchemaObject | { readonly $ref: string };
}

/** OpenAPI of a route that answers with a report. */
export function ApiReport({ operationId, summary, schema }: Described): MethodDecorator {
  return applyDecorators(
    ApiOperation({ operationId, summary }),
    ApiQuery({
      name: 'verbose', required: false, allowEmptyValue: true, schema: { type: 'string', enum: ['', 'true', 'false'] },
      description: 'Adds each check with its status and latency.',
    }),
    ApiOkResponse({ description: 'It is so', schema }),
    ApiServiceUnavailableResponse({
      description: 'It is not, or not now', schema: { $ref: '#/components/schemas/Error' },
    }),
  );
}

/** True for `?verbose`, `?verbose=true` and `?verbose=1`. */
export function isVerbose(parameter: unknown): boolean {
  return parameter === '' || parameter === 'true' || parameter === '1';
}

/** What `verbose` adds to an answer. */
export function checksOf(report: Report, verbose: boolean): Pick<Report, 'checks'> | undefined {
  return verbose ? { checks: report.checks } : undefined;
}

/**
 * Passes a report on which nothing is down.
 * @throws ServiceError `SERVICE_UNAVAILABLE` with details `{ failing, checks? }` where something is
 */
export function demand(report: Report, state: string, verbose: boolean): Exclude<Report['status'], 'error'> {
  const { status, failing } = report;
  if (status !== 'error') return status;
  const details = { failing, ...checksOf(report, verbose) };
  throw new ServiceError('SERVICE_UNAVAILABLE', `not ${state}: ${failing.join(', ')}`, details, RETRY_AFTER_SECONDS);
}

/** Set before the answer is known: a refusal must not be cached either. */
export function forbidCaching(reply: FastifyReply): void {
  void reply.header('cache-control', 'no-store');
}
