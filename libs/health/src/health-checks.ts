import {
  Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy, ServiceUnavailableException,
} from '@nestjs/common';
import {
  type HealthCheckResult, HealthCheckService, type HealthIndicatorResult, HealthIndicatorService,
} from '@nestjs/terminus';
import { HEALTH_PORTS, type HealthPorts } from './health-ports.js';
import { Probe, type Reading } from './probe.js';

/** What a set of checks comes to. `failing` names those that are down. */
export interface Report {
  readonly status: 'ok' | 'degraded' | 'error';
  readonly failing: readonly string[];
  readonly checks: Readonly<Record<string, Reading>>;
}

type Read = () => Reading | Promise<Reading>;

const PULSE_MS = 1000;

/** The checks behind health and probes. They never throw. */
@Injectable()
export class HealthChecks implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly probes: readonly (readonly [name: string, probe: Probe])[];
  private pulse?: NodeJS.Timeout;

  constructor(
    @Inject(HEALTH_PORTS) private readonly ports: HealthPorts,
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
  ) {
    const { database, extra = {} } = ports;
    this.probes = Object.entries({ ...extra, database }).map(([name, check]) => [name, new Probe(check)]);
  }

  /** Without a pulse, a database that hangs would be found out only by the request after the next. */
  onApplicationBootstrap(): void {
    const refresh = () => {
      for (const [, probe] of this.probes) probe.refresh();
    };
    refresh();
    this.pulse = setInterval(refresh, PULSE_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.pulse);
  }

  /** That this code runs is the proof. */
  live(): Promise<Report> {
    return this.report({ process: () => ({ status: 'up', latencyMs: 0 }) });
  }

  /** Started, not draining, and everything it needs answers. */
  ready(): Promise<Report> {
    return this.report({ lifecycle: () => this.lifecycle(this.ports.lifecycle() === 'ready'), ...this.dependencies() });
  }

  /** The start is over. */
  started(): Promise<Report> {
    return this.report({ lifecycle: () => this.lifecycle(this.ports.lifecycle() !== 'starting') });
  }

  /** Everything the service needs answers. */
  healthy(): Promise<Report> {
    return this.report(this.dependencies());
  }

  private lifecycle(good: boolean): Reading {
    return { status: good ? 'up' : 'down', latencyMs: 0, message: this.ports.lifecycle() };
  }

  private dependencies(): Record<string, Read> {
    return Object.fromEntries(this.probes.map(([name, probe]) => [name, () => probe.read()]));
  }

  private async report(reads: Record<string, Read>): Promise<Report> {
    const { details } = await this.run(Object.entries(reads).map(([name, read]) => async () =>
      indicate(this.indicators.check(name), await read())));
    const checks = Object.fromEntries(Object.entries(details).map(
      ([name, { status, latencyMs, message }]): [string, Reading] => [name, { status, latencyMs, message }],
    ));
    const namesOf = (status: string) => Object.keys(checks).filter((name) => checks[name]?.status === status);
    const failing = namesOf('down');
    if (failing.length > 0) return { status: 'error', failing, checks };
    return { status: namesOf('degraded').length > 0 ? 'degraded' : 'ok', failing, checks };
  }

  /**
   * Terminus throws its result when something is down, and always while the application shuts down, also for `/livez`.
   */
  private async run(indicators: Parameters<HealthCheckService['check']>[0]): Promise<HealthCheckResult> {
    try {
      return await this.terminus.check(indicators);
    } catch (error) {
      if (error instanceof ServiceUnavailableException) return error.getResponse() as HealthCheckResult;
      throw error;
    }
  }
}

function indicate(session: ReturnType<HealthIndicatorService['check']>, reading: Reading): HealthIndicatorResult {
  const { status, latencyMs, message } = reading;
  switch (status) {
    case 'up': return session.up({ latencyMs, message });
    case 'degraded': return session.degraded({ latencyMs, message });
    case 'down': return session.down({ latencyMs, message });
  }
}
