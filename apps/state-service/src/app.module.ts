import { type AuthKey, AuthModule } from '@app/auth';
import { ENTITIES, EventStore, EventStoreModule, poolOf, QUERY_TIMEOUT_MS } from '@app/event-store';
import { GameStateModule, validationError } from '@app/game-state';
import { HealthModule } from '@app/health';
import { Metrics, ObservabilityModule } from '@app/observability';
import { type DynamicModule, Module, type OnModuleInit, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_PIPE, HttpAdapterHost } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { FastifyInstance } from 'fastify';
import { DataSource } from 'typeorm';
import { type Config, serviceVersion } from './config.js';
import { ErrorFilter } from './http/error.filter.js';
import { Lifecycle } from './lifecycle.js';

/** The configuration once the start has settled what it leaves open. */
export interface Settled extends Config {
  readonly databaseUrl: string;
  readonly jwtKey: AuthKey;
  readonly log: (line: string) => void;
}

/** The only place where libs meet: each declares what it needs, and is given it here. */
@Module({})
export class AppModule implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics, private readonly events: EventStore, private readonly dataSource: DataSource,
  ) {}

  static register(config: Settled, lifecycle: Lifecycle): DynamicModule {
    const { databaseUrl, jwtKey, jwtIssuer, jwtAudience, rateLimitPerMinute, region, log } = config;
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres', url: databaseUrl, entities: ENTITIES, schema: 'global_state', applicationName: 'gss',
          poolSize: 10, connectTimeoutMS: 5000, retryAttempts: 0, extra: { query_timeout: QUERY_TIMEOUT_MS },
          poolErrorHandler: (error: Error) => log(`an idle database connection broke: ${error.message}`),
        }),
        ObservabilityModule,
        AuthModule.register({ key: jwtKey, issuer: jwtIssuer, audience: jwtAudience, rateLimitPerMinute }),
        EventStoreModule.register({
          imports: [ObservabilityModule], store: { origin: region, databaseUrl, log }, observer: Metrics,
        }),
        GameStateModule,
        HealthModule.registerAsync({
          inject: [EventStore, HttpAdapterHost],
          useFactory: (events: EventStore, host: HttpAdapterHost) => ({
            version: serviceVersion(),
            startedAt: lifecycle.startedAt,
            database: async () => void (await events.head()),
            activeConnections: () => host.httpAdapter.getInstance<FastifyInstance>().openConnections(),
            lifecycle: () => lifecycle.phase,
          }),
        }),
      ],
      providers: [
        { provide: APP_FILTER, useClass: ErrorFilter },
        {
          provide: APP_PIPE,
          useFactory: () => new StandardSchemaValidationPipe({ exceptionFactory: validationError }),
        },
      ],
    };
  }

  onModuleInit(): void {
    const pool = poolOf(this.dataSource);
    this.metrics.appendQueueDepth(() => this.events.queueDepth);
    this.metrics.databasePool(() => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }));
  }
}
