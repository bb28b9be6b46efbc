import { CACHE_MANAGER, CacheModule as CacheManagerModule } from '@nestjs/cache-manager';
import { type DynamicModule, type FactoryProvider, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import { Coherence } from './coherence.js';
import { CacheFigures } from './figures.js';
import { LayeredCache } from './layered-cache.js';
import { MemoryLayer } from './memory-layer.js';
import type { CachePorts } from './ports.js';
import { Sampler } from './sampler.js';
import { RedisConnection, type RedisOptions } from './shared/redis-connection.js';
import { SharedLayer } from './shared/shared-layer.js';
import { StateLoader } from './state-loader.js';

export interface CacheModuleOptions {
  /** What L1 may hold, in bytes. */
  readonly l1MaxBytes: number;
  /** Where L2 is; absent: there is none. */
  readonly redis: Omit<RedisOptions, 'log'> | undefined;
  readonly ports: Pick<FactoryProvider<CachePorts>, 'inject' | 'useFactory'>;
}

const PORTS = Symbol('cache ports');

/** The connection to Redis, for the cache and for whatever else the application shares between instances. */
@Module({})
export class RedisModule implements OnApplicationShutdown {
  constructor(private readonly redis: RedisConnection) {}

  static register(options: RedisOptions): DynamicModule {
    return {
      module: RedisModule,
      global: true,
      providers: [{ provide: RedisConnection, useFactory: () => new RedisConnection(options) }],
      exports: [RedisConnection],
    };
  }

  onApplicationShutdown(): Promise<void> {
    return this.redis.close();
  }
}

/** Provides the `LayeredCache` and its `CacheFigures` for every module, and keeps it true to the log. */
@Module({})
export class CacheModule implements OnModuleInit, OnApplicationShutdown {
  constructor(private readonly coherence: Coherence) {}

  static register({ l1MaxBytes, redis, ports }: CacheModuleOptions): DynamicModule {
    return {
      module: CacheModule,
      global: true,
      imports: redis ? [cacheManager()] : [],
      providers: [
        CacheFigures,
        { provide: PORTS, ...ports },
        {
          provide: LayeredCache,
          inject: [PORTS, CacheFigures, { token: CACHE_MANAGER, optional: true }, { token: RedisConnection, optional: true }],
          useFactory: (bound: CachePorts, figures: CacheFigures, manager?: Cache, connection?: RedisConnection) => {
            const shared = manager && connection && new SharedLayer(manager, connection, bound.source, figures.l2);
            const cache = new LayeredCache(
              new MemoryLayer(l1MaxBytes, figures.l1), shared, new StateLoader(bound.load, figures), figures);
            const { l1 } = cache;
            cache.sampleWith(new Sampler(
              { peek: (key) => l1.peek(key), repair: (key) => cache.repair(key) }, bound, figures.samples));
            return cache;
          },
        },
        {
          provide: Coherence,
          inject: [LayeredCache, PORTS],
          useFactory: (cache: LayeredCache, bound: CachePorts) => new Coherence(cache, bound),
        },
      ],
      exports: [LayeredCache, CacheFigures, Coherence],
    };
  }

  async onModuleInit(): Promise<void> {
    await this.coherence.start();
  }

  /** Before the event store closes its connections, so that the tail ends in peace. */
  async onApplicationShutdown(): Promise<void> {
    await this.coherence.close();
  }
}

/** cache-manager over Redis through cache-manager-redis-yet; keys are whole as given, values plain JSON. */
function cacheManager(): DynamicModule {
  return CacheManagerModule.registerAsync({
    inject: [RedisConnection],
    useFactory: (redis: RedisConnection) => ({
      stores: [new Keyv({
        store: redis.store(), useKeyPrefix: false, emitErrors: false, serialize: undefined, deserialize: undefined,
      })],
    }),
  });
}
