import { type AggregateSnapshot, type EventDraft, type JsonObject, ServiceError } from '@app/kernel';
import { decide } from './decide.js';
import type { AggregateDefinition } from './definition.js';

/** A change of one aggregate among several that happen together or not at all. */
export interface JointChange {
  readonly changes: JsonObject;
  /** 0: there must be nothing yet, or a tombstone. Absent: whatever is there. */
  readonly expectedVersion?: number;
}

/**
 * The events of changes that belong together, one for each aggregate. Pure.
 * @throws ServiceError what `decide` throws, with `index`, `aggregateType` and `aggregateId` in its details
 */
export function decideTogether(
  states: readonly AggregateSnapshot[], changes: readonly JointChange[], definitions: readonly AggregateDefinition[],
): EventDraft[] {
  return states.map((state, index) => {
    try {
      return decide(state, { kind: 'update', ...changes[index]! }, definitions[index]!);
    } catch (error) {
      throw error instanceof ServiceError ? ofItem(error, index, state) : error;
    }
  });
}

/** The refusal of one item among several. */
export function ofItem({ error, message, details }: ServiceError, index: number, { ref: { type, id } }: AggregateSnapshot): ServiceError {
  return new ServiceError(error, `item ${index}: ${message}`, { index, aggregateType: type, aggregateId: id, ...details });
}
