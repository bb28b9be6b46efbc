import { AnalyticsModule } from '@app/analytics';
import { AuditLog, AuditModule, type AuditOptions, RequestAudit } from '@app/audit';
import { type AuthKey, AuthModule, PostgresRevocations } from '@app/auth';
import { CacheModule, Coherence, LayeredCache, RedisConnection, RedisModule, sharedCounts, sharedPresence } from '@app/cache';
import { ENTITIES, EventStore, EventStoreModule, poolOf, QUERY_TIMEOUT_MS } from '@app/event-store';
import { cachePorts, GameStateModule, Referee, shippedRules, stateTexts, validationError } from '@app/game-state';
import { type Finding, HealthModule } from '@app/health';
import { HistoryModule } from '@app/history';
import { FlagFigures, type IntegrityBinding, IntegrityModule, RootSigner } from '@app/integrity';
import { type RuleOfType, RuleSet } from '@app/kernel';
import { Metrics, ObservabilityModule } from '@app/observability';
import { Operations, OperationsModule, operationTexts } from '@app/operations';
import { rulesInForce } from '@app/rules';
import { type StreamBinding, StreamFigures, StreamModule } from '@app/stream';
import { type DynamicModule, Module, type OnModuleInit, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_PIPE, HttpAdapterHost } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { FastifyInstance } from 'fastify';
import { DataSource } from 'typeorm';
import { tellOfCache } from './cache-metrics.js';
import { type Config, serviceVersion, StartError } from './config.js';
import { errorBody } from './http/error-body.js';
import { ErrorFilter } from './http/error.filter.js';
import { Lifecycle } from './lifecycle.js';
import { tellOfOperations } from './operation-metrics.js';
import { tellOfProjections } from './projection-metrics.js';
import { tellOfRoots } from './root-metrics.js';
import { tellOfRules } from './rule-metrics.js';
import { tellOfStreams } from './stream-metrics.js';
import type { Siblings } from './workers/siblings.js';

/** The configuration once the start has settled what it leaves open. */
export interface Settled extends Config {
  readonly databaseUrl: string;
  readonly jwtKey: AuthKey;
  readonly log: (line: string, level?: 'warn' | 'error') => void;
}

/** Without Redis everything works, only slower. */
async function redisFinding(redis: RedisConnection): Promise<Finding | void> {
  try {
    await redis.ping();
  } catch {
    return { status: 'degraded', message: 'no answer: reads go on without it' };
  }
}

/** Unsighted for a moment is a busy machine; for longer than this, in ms, the log cannot be followed. */
const BLIND_FOR_MS = 2_000;

/** Without its look at the log the cache answers nothing: everything works, only slower. */
async function cacheFinding({ lookAgeMs }: LayeredCache): Promise<Finding | void> {
  if (lookAgeMs > BLIND_FOR_MS) return { status: 'degraded', message: 'the log is not followed: reads go to the database' };
}

/** @throws StartError where the operator's rules do not go with those there are */
function rulesOf({ rules }: Pick<Config, 'rules'>): RuleOfType[] {
  try {
    return rulesInForce(shippedRules(), rules);
  } catch (error) {
    throw new StartError(`RULES_FILE is wrong: ${(error as Error).message}`);
  }
}

/** Without the walk over every value for keys such as `__proto__`: bodies are refused for them when they are parsed. */
class SchemaPipe extends StandardSchemaValidationPipe {
  protected override stripProtoKeys(): void {
    // Queries and parameters are plain strings under keys that their schemas name.
  }
}

/** The only place where libs meet: each declares what it needs, and is given it here. */
@Module({})
export class AppModule implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics, private readonly events: EventStore, private readonly dataSource: DataSource,
    private readonly cache: LayeredCache, private readonly streams: StreamFigures, private readonly operations: Operations,
    private readonly referee: Referee, private readonly flags: FlagFigures,
    private readonly audit: AuditLog, private readonly signer: RootSigner,
  ) {}

  static register(config: Settled, lifecycle: Lifecycle, siblings?: Siblings): DynamicModule {
    const { databaseUrl, jwtKey, jwtIssuer, jwtAudience, rateLimitPerMinute, region, redis, l1MaxBytes, allowedOrigins, snapshotEvery, analytics, auditRetentionDays, rootSigning, log } = config;
    const rules = new RuleSet(rulesOf(config));
    const say = (level: 'warn' | 'error', line: string): void => log(line, level);
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres', url: databaseUrl, entities: ENTITIES, schema: 'global_state', applicationName: 'gss',
          poolSize: 10, connectTimeoutMS: 5000, retryAttempts: 0, extra: { query_timeout: QUERY_TIMEOUT_MS },
          poolErrorHandler: (error: Error) => log(`an idle database connection broke: ${error.message}`),
        }),
        ObservabilityModule,
        AuthModule.registerAsync({
          inject: [getDataSourceToken(), RequestAudit, { token: RedisConnection, optional: true }],
          useFactory: (dataSource: DataSource, audit: RequestAudit, connection?: RedisConnection) => ({
            key: jwtKey, issuer: jwtIssuer, audience: jwtAudience, rateLimitPerMinute,
            revocations: new PostgresRevocations(poolOf(dataSource)), operating: audit.operating,
            ...(connection && { sharedCounts: sharedCounts(connection) }),
          }),
        }),
        EventStoreModule.register({
          imports: [ObservabilityModule], store: { origin: region, databaseUrl, snapshotEvery, log }, observer: Metrics,
        }),
        ...(redis ? [RedisModule.register({ ...redis, log: say })] : []),
        CacheModule.register({
          l1MaxBytes, redis, ports: { inject: [EventStore], useFactory: (events: EventStore) => cachePorts(events, say) },
        }),
        GameStateModule.register(rules),
        OperationsModule.register({
          inject: [getDataSourceToken()], useFactory: (dataSource: DataSource) => new Operations(poolOf(dataSource), { log }),
        }),
        HistoryModule,
        IntegrityModule.register({
          inject: [getDataSourceToken()], useFactory: (dataSource: DataSource): IntegrityBinding => ({
            pool: poolOf(dataSource), databaseUrl, rules, log, signing: rootSigning,
          }),
        }),
        AnalyticsModule.register({
          inject: [getDataSourceToken()], useFactory: (dataSource: DataSource) => ({ pool: poolOf(dataSource), region, counts: analytics }),
        }),
        AuditModule.register({
          inject: [EventStore, getDataSourceToken()],
          useFactory: (events: EventStore, dataSource: DataSource): AuditOptions => ({
            databaseUrl, pool: poolOf(dataSource), retentionDays: auditRetentionDays, positionAt: (moment) => events.positionAt(moment), errorBody, say,
          }),
        }),
        StreamModule.register({
          inject: [EventStore, LayeredCache, Coherence, getDataSourceToken(), Operations, RequestAudit, { token: RedisConnection, optional: true }],
          useFactory: (
            events: EventStore, cache: LayeredCache, coherence: Coherence, dataSource: DataSource, operations: Operations, audit: RequestAudit,
            connection?: RedisConnection,
          ): StreamBinding => ({
            log: {
              head: () => events.head(), tail: (after, signal) => events.tail(after, signal),
              missed: (channel, after) => events.readMissed(channel, after), epoch: () => coherence.epoch,
            },
            states: stateTexts(events, cache), operations: operationTexts(operations), database: poolOf(dataSource), allowedOrigins, version: serviceVersion(),
            errorBody, say, refused: audit.streamRefused,
            isServing: () => lifecycle.phase !== 'draining', ...(connection && { presence: sharedPresence(connection) }),
          }),
        }),
        HealthModule.registerAsync({
          inject: [EventStore, HttpAdapterHost, LayeredCache, { token: RedisConnection, optional: true }],
          useFactory: (events: EventStore, host: HttpAdapterHost, cache: LayeredCache, connection?: RedisConnection) => ({
            version: serviceVersion(),
            startedAt: lifecycle.startedAt,
            database: () => events.ping(),
            activeConnections: () => siblings?.connections() ?? host.httpAdapter.getInstance<FastifyInstance>().openConnections(),
            lifecycle: () => lifecycle.phase,
            cacheHitRate: () => cache.figures.hitRate,
            extra: { cache: () => cacheFinding(cache), ...(connection && { redis: () => redisFinding(connection) }) },
          }),
        }),
      ],
      providers: [
        { provide: APP_FILTER, useClass: ErrorFilter },
        {
          provide: APP_PIPE,
          useFactory: () => new SchemaPipe({ exceptionFactory: validationError }),
        },
      ],
    };
  }

  onModuleInit(): void {
    const pool = poolOf(this.dataSource);
    this.metrics.appendQueueDepth(() => this.events.queueDepth);
    this.metrics.gauge('write_states', 'States kept to decide the next command on.', () => this.events.idleStates.count);
    this.metrics.gauge('write_states_bytes', 'What they take, about.', () => this.events.idleStates.bytes);
    this.metrics.tally('snapshots_total', 'Kept folds: saved, used by a read of the past, ignored for their checksum or fold, not saved.',
      () => ({ ...this.events.snapshots.figures }), 'what');
    this.metrics.tally('audit_entries_total', 'Entries of the audit log: written, refusals counted into another entry, lost.',
      () => ({ ...this.audit.figures }), 'what');
    tellOfCache(this.metrics, this.cache);
    tellOfStreams(this.metrics, this.streams);
    tellOfRoots(this.metrics, this.signer);
    tellOfRules(this.metrics, this.referee, this.flags);
    tellOfProjections(this.metrics, this.events.projections);
    tellOfOperations(this.metrics, this.operations);
    this.metrics.databasePool(() => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }));
  }
}
