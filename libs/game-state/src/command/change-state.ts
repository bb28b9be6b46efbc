import { EventStore, type Outcome } from '@app/event-store';
import type { AggregateRef, AggregateType, EventContext } from '@app/kernel';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { decide, type StateCommand } from '../domain/decide.js';
import { DEFINITIONS } from '../domain/definitions/index.js';

/** A client's `Idempotency-Key`, scoped to subject, method and path, with a digest of what was asked. */
export interface Receipt {
  readonly key: string;
  readonly fingerprint: string;
}

/** Updates, patches or deletes the state of one aggregate. */
export class ChangeState extends Command<Outcome> {
  constructor(
    readonly ref: AggregateRef & { readonly type: AggregateType },
    readonly change: Exclude<StateCommand, { kind: 'publish' }>,
    readonly context: EventContext,
    readonly receipt?: Receipt,
  ) {
    super();
  }
}

@CommandHandler(ChangeState)
export class ChangeStateHandler implements ICommandHandler<ChangeState> {
  constructor(private readonly events: EventStore) {}

  execute({ ref, change, context, receipt }: ChangeState): Promise<Outcome> {
    const definition = DEFINITIONS[ref.type];
    return this.events.execute({
      aggregates: [ref],
      context,
      receipt,
      decide: ([state]) => [[decide(state!, change, definition)]],
    });
  }
}
