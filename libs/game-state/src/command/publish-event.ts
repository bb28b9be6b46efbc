import { EventStore, type Outcome } from '@app/event-store';
import { type AggregateRef, type AggregateType, canonicalJson, type EventContext, type Op, type StoredEvent, withoutRulesMark } from '@app/kernel';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { toOps } from '../domain/changes.js';
import { decide, type PublishedEvent } from '../domain/decide.js';
import { DEFINITIONS } from '../domain/definitions/index.js';
import type { Compensation, Receipt } from './change-state.js';
import { Referee } from './referee.js';

/** Appends one event and folds it into its aggregate, which it creates or revives. */
export class PublishEvent extends Command<Outcome> {
  constructor(
    readonly ref: AggregateRef & { readonly type: AggregateType },
    readonly event: PublishedEvent & { readonly expectedVersion?: number } & Compensation,
    readonly context: EventContext,
    readonly receipt?: Receipt,
  ) {
    super();
  }
}

@CommandHandler(PublishEvent)
export class PublishEventHandler implements ICommandHandler<PublishEvent> {
  constructor(private readonly events: EventStore, private readonly referee: Referee) {}

  execute(command: PublishEvent): Promise<Outcome> {
    const { ref, event, context, receipt } = command;
    const definition = DEFINITIONS[ref.type];
    const { eventId, expectedVersion, compensates } = event;
    return this.referee.watch(this.events.execute({
      aggregates: [ref],
      context,
      receipt,
      publisherEvent: eventId === undefined ? undefined : { eventId, sameAs: (stored) => saysTheSame(command, stored) },
      decide: ([state]) => [[this.referee.judge(state!, decide(state!, { kind: 'publish', event, expectedVersion }, definition), compensates)]],
    }));
  }
}

/**
 * Whether a stored event came from the same request: type, data, effect and what the publisher said around it. Merge kinds may
 * have been declared anew since, what rules found was added here, and a correlation id or a trace may have come from another connection.
 */
function saysTheSame({ ref, event, context }: PublishEvent, stored: StoredEvent): boolean {
  const ops = toOps(event.stateChanges ?? event.eventData, {}, DEFINITIONS[ref.type]);
  return stored.type === event.eventType
    && canonicalJson(stored.data) === canonicalJson(event.eventData)
    && effectOf(stored.ops) === effectOf(ops)
    && surroundings(stored.context) === surroundings(context);
}

/** What ops do, in whatever order their paths were written. */
function effectOf(ops: readonly Op[]): string {
  return ops.map(([op, path, , value]) => canonicalJson([path ?? '', op, value ?? null])).sort().join();
}

function surroundings({ metadata, causationId, serverId, playerId, sessionId }: EventContext): string {
  const { traceparent: _trace, ...said } = withoutRulesMark(metadata) ?? {};
  return canonicalJson([said, causationId ?? '', serverId ?? '', playerId ?? '', sessionId ?? '']);
}
