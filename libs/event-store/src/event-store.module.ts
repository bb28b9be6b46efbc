import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { EventStore, type EventStoreOptions } from './event-store.js';
import type { AppendObserver } from './writer/observer.js';

/** The connection pool that TypeORM keeps for a PostgreSQL data source. */
export function poolOf(dataSource: DataSource): Pool {
  return (dataSource.driver as unknown as { master: Pool }).master;
}

/** Provides the `EventStore` over the application's TypeORM data source, for every module. */
@Module({})
export class EventStoreModule implements OnApplicationShutdown {
  constructor(private readonly events: EventStore) {}

  static register(options: {
    readonly store: EventStoreOptions;
    readonly observer: { readonly token: symbol | (new (...args: never[]) => AppendObserver) };
  }): DynamicModule {
    return {
      module: EventStoreModule,
      global: true,
      providers: [{
        provide: EventStore,
        inject: [getDataSourceToken(), options.observer.token],
        useFactory: (dataSource: DataSource, observer: AppendObserver) =>
          new EventStore(poolOf(dataSource), options.store, observer),
      }],
      exports: [EventStore],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.events.close();
  }
}
