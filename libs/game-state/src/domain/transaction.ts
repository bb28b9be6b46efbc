import {
  type AggregateSnapshot, type EventDraft, fold, fromPointer, type JsonObject, ServiceError, valueAt,
} from '@app/kernel';
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
 * @param conserve JSON Pointers of numbers whose sum over all the aggregates must stay what it is
 * @throws ServiceError what `decide` throws, with `index`, `aggregateType` and `aggregateId` in its details; RULE_VIOLATION with
 * the rule `conserve`
 */
export function decideTogether(
  states: readonly AggregateSnapshot[], changes: readonly JointChange[], definitions: readonly AggregateDefinition[],
  conserve: readonly string[],
): EventDraft[] {
  const drafts = states.map((state, index) => {
    try {
      return decide(state, { kind: 'update', ...changes[index]! }, definitions[index]!);
    } catch (error) {
      throw error instanceof ServiceError ? ofItem(error, index, state) : error;
    }
  });
  const after = states.map((state, i) => fold(state, drafts[i]!.ops, state.version + 1).data);
  for (const pointer of conserve) assertConserved(pointer, states, after);
  return drafts;
}

/** The refusal of one item among several. */
export function ofItem({ error, message, details }: ServiceError, index: number, { ref: { type, id } }: AggregateSnapshot): ServiceError {
  return new ServiceError(error, `item ${index}: ${message}`, { index, aggregateType: type, aggregateId: id, ...details });
}

/** What leaves one enters another. Summed as big integers: sixteen safe ones may pass 2^53. */
function assertConserved(pointer: string, before: readonly AggregateSnapshot[], after: readonly JsonObject[]): void {
  const path = fromPointer(pointer);
  let difference = 0n;
  before.forEach(({ data }, i) => {
    difference += amount(after[i]!, path, pointer) - amount(data, path, pointer);
  });
  if (difference === 0n) return;
  throw new ServiceError('RULE_VIOLATION', `the sum of ${pointer} would change by ${difference}: what leaves one must enter another`, {
    rule: 'conserve', path: pointer, difference: Number(difference),
  });
}

function amount(data: JsonObject, path: readonly string[], pointer: string): bigint {
  const value = valueAt(data, path) ?? 0;
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  throw new ServiceError('RULE_VIOLATION', `${pointer} is not a whole number everywhere, so it cannot be conserved`, {
    rule: 'conserve', path: pointer,
  });
}
