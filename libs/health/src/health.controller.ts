import { Public } from '@app/auth';
import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiReport, checksOf, demand, forbidCaching, isVerbose } from './health-answer.js';
import { HealthChecks, type Report } from './health-checks.js';
import { HEALTH_PORTS, type HealthPorts, type Lifecycle } from './health-ports.js';

/** The body of `GET /health`. */
export interface HealthResponse {
  readonly status: 'healthy' | 'degraded' | Exclude<Lifecycle, 'ready'>;
  readonly version: string;
  /** Whole seconds. */
  readonly uptime: number;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly activeConnections: number;
  readonly cacheHitRate?: number;
  readonly checks?: Report['checks'];
}

@ApiTags('operations')
@Public()
@Controller('health')
export class HealthController {
  constructor(@Inject(HEALTH_PORTS) private readonly ports: HealthPorts, private readonly checks: HealthChecks) {}

  @Get()
  @ApiReport({
    operationId: 'globalStateHealth', summary: 'How this instance is doing',
    schema: { $ref: '#/components/schemas/HealthResponse' },
  })
  async health(
    @Query('verbose') parameter: unknown, @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HealthResponse> {
    forbidCaching(reply);
    const verbose = isVerbose(parameter);
    const report = await this.checks.healthy();
    const served = demand(report, 'healthy', verbose) === 'ok' ? 'healthy' : 'degraded';
    const { version, startedAt, activeConnections, lifecycle, cacheHitRate } = this.ports;
    const phase = lifecycle();
    const hitRate = cacheHitRate?.();
    return {
      status: phase === 'ready' ? served : phase,
      version,
      uptime: Math.max(0, Math.floor((Date.now() - Number(startedAt)) / 1000)),
      timestamp: new Date().toISOString(),
      activeConnections: await activeConnections(),
      ...(hitRate === undefined ? undefined : { cacheHitRate: hitRate }),
      ...checksOf(report, verbose),
    };
  }
}
