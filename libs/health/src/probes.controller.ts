import { Public } from '@app/auth';
import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiReport, checksOf, demand, forbidCaching, isVerbose } from './health-answer.js';
import { HealthChecks, type Report } from './health-checks.js';
import { PROBE_RESPONSE_SCHEMA } from './health-schemas.js';

/** Paths at the root, to be excluded from the global prefix. */
export const PROBE_ROOT_PATHS = ['livez', 'readyz', 'startupz'];

/** The body of a probe that passes. */
export interface ProbeResponse {
  readonly status: 'ok' | 'degraded';
  /** ISO 8601. */
  readonly timestamp: string;
  readonly checks?: Report['checks'];
}

@ApiTags('operations')
@Public()
@Controller()
export class ProbesController {
  constructor(private readonly checks: HealthChecks) {}

  @Get('livez')
  @ApiReport({
    operationId: 'livez', summary: 'The process answers; it asks nobody else', schema: PROBE_RESPONSE_SCHEMA,
  })
  async live(
    @Query('verbose') verbose: unknown, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProbeResponse> {
    forbidCaching(reply);
    return answer(await this.checks.live(), 'alive', verbose);
  }

  @Get('readyz')
  @ApiReport({
    operationId: 'readyz', summary: 'Started, not draining, and the database answers', schema: PROBE_RESPONSE_SCHEMA,
  })
  async ready(
    @Query('verbose') verbose: unknown, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProbeResponse> {
    forbidCaching(reply);
    return answer(await this.checks.ready(), 'ready', verbose);
  }

  @Get('startupz')
  @ApiReport({ operationId: 'startupz', summary: 'The start is over', schema: PROBE_RESPONSE_SCHEMA })
  async started(
    @Query('verbose') verbose: unknown, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProbeResponse> {
    forbidCaching(reply);
    return answer(await this.checks.started(), 'started', verbose);
  }
}

function answer(report: Report, state: string, parameter: unknown): ProbeResponse {
  const verbose = isVerbose(parameter);
  const status = demand(report, state, verbose);
  return { status, timestamp: new Date().toISOString(), ...checksOf(report, verbose) };
}
