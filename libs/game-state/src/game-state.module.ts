import { LayeredCache } from '@app/cache';
import { EventStore } from '@app/event-store';
import { refKey, RuleSet } from '@app/kernel';
import { type DynamicModule, Module, type OnModuleInit } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { ChangeStateHandler } from './command/change-state.js';
import { ChangeTogetherHandler } from './command/change-together.js';
import { PublishEventHandler } from './command/publish-event.js';
import { Referee } from './command/referee.js';
import { EventPublisher } from './http/event-publisher.js';
import { EventsController } from './http/events.controller.js';
import { OpenUploads } from './http/ingest/open-uploads.js';
import { StateController } from './http/state.controller.js';
import { TransactionsController } from './http/transactions.controller.js';
import { GetEventsHandler } from './query/get-events.js';
import { GetStateHandler } from './query/get-state.js';
import { toEntry } from './read-model/state-view.js';

/** Aggregates over HTTP. Needs an `EventStore`, a `LayeredCache` and the guards of `@app/auth` in the application. */
@Module({})
export class GameStateModule implements OnModuleInit {
  constructor(private readonly events: EventStore, private readonly cache: LayeredCache) {}

  /** @param rules those of the definitions, as the operator wants them */
  static register(rules: RuleSet): DynamicModule {
    return {
      module: GameStateModule,
      imports: [CqrsModule],
      controllers: [StateController, EventsController, TransactionsController],
      providers: [
        { provide: RuleSet, useValue: rules }, Referee, ChangeStateHandler, ChangeTogetherHandler, PublishEventHandler, GetStateHandler,
        GetEventsHandler, EventPublisher, OpenUploads,
      ],
      exports: [RuleSet, Referee],
    };
  }

  /** Who wrote a state reads it from memory. */
  onModuleInit(): void {
    this.events.onState((state) => this.cache.committed(refKey(state.ref), toEntry(state)));
  }
}
