import { EventStore, type Outcome } from '@app/event-store';
import { type AggregateRef, canonicalJson, type EventContext, type Op, type StoredEvent } from '@app/kernel';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { toOps } from '../domain/changes.js';
import { decide, type PublishedEvent } from '../domain/decide.js';
import type { AggregateType } from '../domain/definition.js';
import { DEFINITIONS } from '../domain/definitions/index.js';
import type { Receipt } from './change-state.js';

/** Appends one event and folds it into its aggregate, which it creates or revives. */
export class PublishEvent extends Command<Outcome> {
  constructor(
    readonly ref: AggregateRef & { readonly type: AggregateType },
    readonly event: PublishedEvent & { readonly expectedVersion?: number },
    readonly context: EventContext,
    readonly receipt?: Receipt,
  ) {
    super();
  }
}

@CommandHandler(PublishEvent)
export class PublishEventHandler implements ICommandHandler<PublishEvent> {
  constructor(private readonly events: EventStore) {}

  execute({ ref, event, context, receipt }: PublishEvent): Promise<Outcome> {
    const definition = DEFINITIONS[ref.type];
    const { eventId, expectedVersion } = event;
    return this.events.execute({
      aggregates: [ref],
      context,
      receipt,
      publisherEvent: eventId === undefined ? undefined : { eventId, sameAs: (stored) => saysTheSame(event, ref, stored) },
      decide: ([state]) => [[decide(state!, { kind: 'publish', event, expectedVersion }, definition)]],
    });
  }
}

/** Same type, same data, same effect where one was given; the merge kinds may have been declared anew since. */
function saysTheSame(event: PublishedEvent, ref: { type: AggregateType }, stored: StoredEvent): boolean {
  if (stored.type !== event.eventType || canonicalJson(stored.data) !== canonicalJson(event.eventData)) return false;
  if (!event.stateChanges) return true;
  return effect(toOps(event.stateChanges, {}, DEFINITIONS[ref.type])) === effect(stored.ops);
}

function effect(ops: readonly Op[]): string {
  return canonicalJson(ops.map(([op, path, , value]) => [op, path ?? '', value ?? null]));
}
