import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { ChangeStateHandler } from './command/change-state.js';
import { PublishEventHandler } from './command/publish-event.js';
import { EventsController } from './http/events.controller.js';
import { StateController } from './http/state.controller.js';
import { GetEventsHandler } from './query/get-events.js';
import { GetStateHandler } from './query/get-state.js';

/** Aggregates over HTTP. Needs an `EventStore` and the guards of `@app/auth` in the application. */
@Module({
  imports: [CqrsModule],
  controllers: [StateController, EventsController],
  providers: [ChangeStateHandler, PublishEventHandler, GetStateHandler, GetEventsHandler],
})
export class GameStateModule {}
