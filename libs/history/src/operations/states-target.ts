import { type EventStore, type Poisoned } from '@app/event-store';
import { AGGREGATE_TYPES, type JsonObject } from '@app/kernel';
import type { PoolClient } from 'pg';

/** Under which aggregates are parked whose events cannot be folded. */
export const STATES = 'states';

/** The types that an operation on states is about; absent: all. */
export function typesOf({ aggregateType }: JsonObject): readonly string[] | undefined {
  return typeof aggregateType === 'string' ? [aggregateType] : undefined;
}

/** What operations on states take for themselves: the states of each type. */
export function statesOf(parameters: JsonObject): readonly string[] {
  return (typesOf(parameters) ?? AGGREGATE_TYPES).map((type) => `${STATES}/${type}`);
}

/** Parks aggregates, in the transaction that goes on without them. */
export function parkIn(events: EventStore): (client: PoolClient, poisoned: readonly Poisoned[]) => Promise<void> {
  return async (client, poisoned) => {
    for (const { ref, partition, position, error } of poisoned) {
      await events.deadLetters.park(client, { consumer: STATES, partition, ref, position, error: error.message });
    }
  };
}
