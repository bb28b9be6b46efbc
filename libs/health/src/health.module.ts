import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthChecks } from './health-checks.js';
import { HealthModuleBase } from './health-ports.js';
import { HealthController } from './health.controller.js';
import { ProbesController } from './probes.controller.js';

/**
 * `GET /health` under the global prefix, and the probes `/livez`, `/readyz` and `/startupz`, to be excluded from it
 * (`PROBE_ROOT_PATHS`). Bound once, by `register(ports)` or `registerAsync({ imports, inject, useFactory })`.
 *
 * All are open to everybody, take `?verbose`, forbid caching, and answer in milliseconds whatever the database does.
 * What is not so is `ServiceError` `SERVICE_UNAVAILABLE` with details `{ failing, checks? }`, to be tried again after 1
 * s.
 */
@Module({
  // Its own lines about failed checks would come on top of the one about the refused request.
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController, ProbesController],
  providers: [HealthChecks],
})
export class HealthModule extends HealthModuleBase {}
