import { EventStore } from '@app/event-store';
import { Operations } from '@app/operations';
import { Module, type OnModuleInit } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { HistoryController } from './history.controller.js';
import { FoldReplay } from './operations/fold-replay.js';
import { StatesRebuild } from './operations/states-rebuild.js';
import { StatesRevert } from './operations/states-revert.js';
import { STATES } from './operations/states-target.js';
import { Rollbacks } from './rollback/rollbacks.js';
import { RollbacksController } from './rollback/rollbacks.controller.js';
import { Travel } from './travel.js';

/**
 * Time travel and rollback over HTTP, and the operations on states. Needs an `EventStore`, `Operations`, the commands of `@app/game-state`
 * and the guards of `@app/auth`.
 */
@Module({ imports: [CqrsModule], controllers: [HistoryController, RollbacksController], providers: [Travel, Rollbacks] })
export class HistoryModule implements OnModuleInit {
  constructor(private readonly events: EventStore, private readonly operations: Operations) {}

  onModuleInit(): void {
    this.operations.register('rebuild-states', new StatesRebuild(this.events));
    this.operations.register('revert-states', new StatesRevert(this.events));
    this.operations.register('replay-fold', new FoldReplay(this.events));
    this.events.deadLetters.bind(STATES, (client, { ref }) => this.events.builds.repair(client, ref));
  }
}
