import type { AppendedEvent } from '@app/event-store';
import { changesOf } from '@app/kernel';

/** `StateUpdateResponse` of the contract, read from the stored event: a replay of the request gets the same one. */
export function stateChange({ ref, version, ops, committedAt }: AppendedEvent): object {
  return {
    aggregateType: ref.type, aggregateId: ref.id, newVersion: version, appliedChanges: changesOf(ops),
    timestamp: committedAt.toISOString(),
  };
}
