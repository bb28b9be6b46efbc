import { EventStore } from '@app/event-store';
import { Operations } from '@app/operations';
import { type DynamicModule, type FactoryProvider, Inject, Module, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { ANALYTICS_OPTIONS, type AnalyticsOptions } from './analytics-options.js';
import { AnalyticsController } from './http/analytics.controller.js';
import { ProjectionsController } from './http/projections.controller.js';
import { ANALYTICS, AnalyticsProjection, PACE } from './projection/analytics-projection.js';
import { AnalyticsRebuild, REBUILD_ANALYTICS } from './projection/analytics-rebuild.js';
import { AnalyticsRevert, REVERT_ANALYTICS } from './projection/analytics-revert.js';
import { GetEventAnalyticsHandler } from './query/get-event-analytics.js';
import { GetStateAnalyticsHandler } from './query/get-state-analytics.js';

/**
 * Counts the log and serves the counts, and how far the projections of the log are. Needs an `EventStore`, `Operations` and the guards of
 * `@app/auth` in the application.
 */
@Module({})
export class AnalyticsModule implements OnModuleInit, OnApplicationBootstrap {
  constructor(
    private readonly events: EventStore, private readonly operations: Operations,
    @Inject(ANALYTICS_OPTIONS) private readonly options: AnalyticsOptions,
  ) {}

  static register({ inject, useFactory }: Pick<FactoryProvider<AnalyticsOptions>, 'inject' | 'useFactory'>): DynamicModule {
    return {
      module: AnalyticsModule,
      imports: [CqrsModule],
      controllers: [AnalyticsController, ProjectionsController],
      providers: [{ provide: ANALYTICS_OPTIONS, inject, useFactory }, GetStateAnalyticsHandler, GetEventAnalyticsHandler],
    };
  }

  onModuleInit(): void {
    this.operations.register(REBUILD_ANALYTICS, new AnalyticsRebuild(this.events, this.options));
    this.operations.register(REVERT_ANALYTICS, new AnalyticsRevert(this.events, this.options));
  }

  onApplicationBootstrap(): void {
    const { region, counts, now } = this.options;
    const { handle } = new AnalyticsProjection(region, now);
    if (counts) this.events.projections.start(ANALYTICS, handle, PACE);
    else this.events.projections.define(ANALYTICS, handle);
  }
}
