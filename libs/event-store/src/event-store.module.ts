import { type BeforeApplicationShutdown, type DynamicModule, Module, type OnApplicationShutdown, type Type } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { EventStore, type EventStoreOptions } from './event-store.js';
import type { AppendObserver } from './writer/observer.js';

/** The connection pool that TypeORM keeps for a PostgreSQL data source. */
export function poolOf(dataSource: DataSource): Pool {
  return (dataSource.driver as unknown as { master: Pool }).master;
}

export interface EventStoreModuleOptions {
  readonly store: EventStoreOptions;
  /** Provider that is told of appends, from one of `imports`. */
  readonly observer: Type<AppendObserver>;
  readonly imports: readonly Type[];
}

/** Provides the `EventStore` over the application's TypeORM data source, for every module; drains it at shutdown. */
@Module({})
export class EventStoreModule implements BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(private readonly events: EventStore) {}

  static register({ store, observer, imports }: EventStoreModuleOptions): DynamicModule {
    return {
      module: EventStoreModule,
      global: true,
      imports: [...imports],
      providers: [{
        provide: EventStore,
        inject: [getDataSourceToken(), observer],
        useFactory: (dataSource: DataSource, told: AppendObserver) => new EventStore(poolOf(dataSource), store, told),
      }],
      exports: [EventStore],
    };
  }

  /** Before the pool that they use is ended. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.events.projections.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.events.close();
  }
}
