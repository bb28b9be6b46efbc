import { isJsonObject, type Json } from '../json.js';
import type { PathRule, Scalar, Violation } from './rule.js';

/** What a violation says beside which rule it broke and where. */
export type Broken = Pick<Violation, 'measured' | 'limit'>;

type Value = Json | undefined;
type CheckedRule = Exclude<PathRule, { kind: 'rate' }>;

/** Whether a value may go from one to the other; `undefined` if so. */
export function check(rule: CheckedRule, before: Value, after: Value): Broken | undefined {
  switch (rule.kind) {
    case 'bounds':
      return outOfBounds(rule, before, after);
    case 'monotonic':
      return typeof before === 'number' && !continues(rule.direction, before, after) ? {} : undefined;
    case 'transition':
      return rule.forbidden.some(([from, to]) => matches(from, before) && matches(to, after)) ? {} : undefined;
  }
}

/** By how much a number grew. What is no number counts as 0. */
export function growth(before: Value, after: Value): number {
  return numberOf(after) - numberOf(before);
}

/** A value as a violation shows it. */
export function shown(value: Value): Scalar | undefined {
  if (typeof value === 'string') return value.slice(0, 256);
  return value === undefined || typeof value === 'object' ? undefined : value;
}

function outOfBounds({ min, max }: Extract<CheckedRule, { kind: 'bounds' }>, before: Value, after: Value): Broken | undefined {
  if (after === undefined) return undefined;
  if (typeof after !== 'number') return {};
  const from = typeof before === 'number' ? before : undefined;
  if (min !== undefined && after < min && !(from !== undefined && from < min && after >= from)) return { measured: after, limit: min };
  if (max !== undefined && after > max && !(from !== undefined && from > max && after <= from)) return { measured: after, limit: max };
  return undefined;
}

function continues(direction: 'up' | 'down', before: number, after: Value): boolean {
  return typeof after === 'number' && (direction === 'up' ? after >= before : after <= before);
}

function matches(wanted: Scalar, value: Value): boolean {
  if (wanted === '*') return value !== undefined;
  return wanted === null ? value === undefined : wanted === value;
}

function numberOf(value: Value): number {
  return typeof value === 'number' ? value : 0;
}

/** Whether an event left a value as it was, as far as rules see it. */
export function isSame(before: Value, after: Value): boolean {
  return before === after || (isJsonObject(before) && isJsonObject(after));
}
