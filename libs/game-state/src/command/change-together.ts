import { EventStore, type Outcome } from '@app/event-store';
import type { AggregateRef, AggregateType, EventContext } from '@app/kernel';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DEFINITIONS } from '../domain/definitions/index.js';
import { decideTogether, type JointChange } from '../domain/transaction.js';
import type { Receipt } from './change-state.js';
import { Referee } from './referee.js';

/** Changes 2 to 16 aggregates, all or none. */
export class ChangeTogether extends Command<Outcome> {
  constructor(
    readonly items: readonly (JointChange & { readonly ref: AggregateRef & { readonly type: AggregateType } })[],
    /** JSON Pointers of numbers whose sum over all of them must not change; see `assertConserved`. */
    readonly conserve: readonly string[],
    readonly context: EventContext,
    readonly receipt?: Receipt,
  ) {
    super();
  }
}

@CommandHandler(ChangeTogether)
export class ChangeTogetherHandler implements ICommandHandler<ChangeTogether> {
  constructor(private readonly events: EventStore, private readonly referee: Referee) {}

  execute({ items, conserve, context, receipt }: ChangeTogether): Promise<Outcome> {
    const definitions = items.map(({ ref }) => DEFINITIONS[ref.type]);
    return this.referee.watch(this.events.execute({
      aggregates: items.map(({ ref }) => ref),
      context,
      receipt,
      decide: (states) => this.referee.judgeTogether(states, decideTogether(states, items, definitions), conserve).map((draft) => [draft]),
    }));
  }
}
