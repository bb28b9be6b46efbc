import { EventStore, type Outcome } from '@app/event-store';
import type { AggregateRef, AggregateType, EventContext } from '@app/kernel';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { decide, type StateCommand } from '../domain/decide.js';
import { DEFINITIONS } from '../domain/definitions/index.js';
import { Referee } from './referee.js';

/** A client's `Idempotency-Key`, scoped to subject, method and path, with a digest of what was asked. */
export interface Receipt {
  readonly key: string;
  readonly fingerprint: string;
}

/** Said by who makes up for other events: rules do not look at it. Never taken from a client. */
export interface Compensation {
  readonly compensates?: boolean;
}

/** Updates, patches or deletes the state of one aggregate. */
export class ChangeState extends Command<Outcome> {
  constructor(
    readonly ref: AggregateRef & { readonly type: AggregateType },
    readonly change: Exclude<StateCommand, { kind: 'publish' }> & Compensation,
    readonly context: EventContext,
    readonly receipt?: Receipt,
  ) {
    super();
  }
}

@CommandHandler(ChangeState)
export class ChangeStateHandler implements ICommandHandler<ChangeState> {
  constructor(private readonly events: EventStore, private readonly referee: Referee) {}

  execute({ ref, change, context, receipt }: ChangeState): Promise<Outcome> {
    const definition = DEFINITIONS[ref.type];
    return this.referee.watch(this.events.execute({
      aggregates: [ref],
      context,
      receipt,
      decide: ([state]) => [[this.referee.judge(state!, decide(state!, change, definition), change.compensates)]],
    }));
  }
}
