import {
  type BeforeApplicationShutdown, type DynamicModule, type FactoryProvider, Module, type OnApplicationBootstrap,
} from '@nestjs/common';
import { DeadLettersController } from './http/dead-letters.controller.js';
import { OperationsController } from './http/operations.controller.js';
import { Operations } from './operations.js';

/**
 * Provides `Operations` to every module and serves them, and the dead letters of the `EventStore`, over HTTP. Whoever has work to bind injects it and calls `register` in
 * `onModuleInit`. Needs an `EventStore` and the guards of `@app/auth` in the application.
 */
@Module({})
export class OperationsModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(private readonly operations: Operations) {}

  static register({ inject, useFactory }: Pick<FactoryProvider<Operations>, 'inject' | 'useFactory'>): DynamicModule {
    return {
      module: OperationsModule,
      global: true,
      controllers: [OperationsController, DeadLettersController],
      providers: [{ provide: Operations, inject, useFactory }],
      exports: [Operations],
    };
  }

  onApplicationBootstrap(): void {
    this.operations.start();
  }

  /** Before the pool that they use is ended. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.operations.stop();
  }
}
