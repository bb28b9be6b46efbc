import { isJsonObject, type Json, type JsonObject, type Op, ServiceError, toPointer, valueAt } from '@app/kernel';
import type { AggregateDefinition } from './definition.js';
import { mergeOf } from './rules.js';

/**
 * Turns changes into ops: a merge patch (RFC 7396) in which `{"$inc": n}` adds. Done once, where the command is decided;
 * the ops are what is stored and folded.
 * @throws ServiceError VALIDATION_ERROR for a malformed increment, INVALID_OPERATION for one that cannot be applied
 */
export function toOps(changes: JsonObject, state: JsonObject, definition: AggregateDefinition): Op[] {
  if (isIncrement(changes)) throw malformedIncrement([], 'the whole state cannot be incremented');
  const ops: Op[] = [];
  walk(changes, [], { ops, state, definition });
  return ops;
}

interface Walk {
  readonly ops: Op[];
  readonly state: JsonObject;
  readonly definition: AggregateDefinition;
}

/** @returns whether an op below this patch makes the object at `path` be there */
function walk(patch: JsonObject, path: readonly string[], into: Walk): boolean {
  let makes = false;
  for (const [key, value] of Object.entries(patch)) {
    const at = [...path, key];
    makes = step(value, at, into) || makes;
  }
  return makes;
}

function step(value: Json, path: readonly string[], into: Walk): boolean {
  const { ops, definition } = into;
  const pointer = toPointer(path);
  if (value === null) {
    ops.push(['unset', pointer, mergeOf(definition, path, 'unset')]);
    return false;
  }
  if (isIncrement(value)) {
    const delta = deltaOf(value, path);
    ops.push(['inc', pointer, mergeOf(definition, path, 'inc'), delta, sum(into.state, path, delta)]);
    return true;
  }
  if (isJsonObject(value)) {
    if (!walk(value, path, into)) ops.push(['obj', pointer, mergeOf(definition, path, 'obj')]);
    return true;
  }
  ops.push(['set', pointer, mergeOf(definition, path, 'set'), value]);
  return true;
}

function isIncrement(value: Json): value is JsonObject {
  return isJsonObject(value) && Object.hasOwn(value, '$inc');
}

function deltaOf(value: JsonObject, path: readonly string[]): number {
  const delta = value['$inc'];
  if (Object.keys(value).length > 1) throw malformedIncrement(path, '$inc stands alone in its object');
  if (!Number.isSafeInteger(delta)) throw malformedIncrement(path, '$inc takes an integer within ±(2^53 − 1)');
  return delta as number;
}

function sum(state: JsonObject, path: readonly string[], delta: number): number {
  const current = valueAt(state, path) ?? 0;
  const details = { path: toPointer(path) };
  if (typeof current !== 'number') {
    throw new ServiceError('INVALID_OPERATION', `${details.path} is not a number: it cannot be incremented`, details);
  }
  const result = current + delta;
  if (Math.abs(result) > Number.MAX_SAFE_INTEGER) {
    throw new ServiceError('INVALID_OPERATION', `${details.path} would pass ±(2^53 − 1)`, details);
  }
  return result;
}

function malformedIncrement(path: readonly string[], why: string): ServiceError {
  return new ServiceError('VALIDATION_ERROR', `${toPointer(path) || 'changes'}: ${why}`, { path: toPointer(path) });
}
