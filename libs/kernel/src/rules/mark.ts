import { isJsonObject, type JsonObject } from '../json.js';
import type { Violation } from './rule.js';

/** The key of an event's metadata that is the service's own: clients may not send it and are not shown it. */
export const RULES_KEY = '$rules';

/** What is written under that key: which rules an event broke, or that it is exempt because it makes up for others. */
export function rulesMark(mark: { readonly violations: readonly Violation[] } | { readonly exempt: true }): JsonObject {
  return { [RULES_KEY]: mark as unknown as JsonObject };
}

/** Whether rules do not look at an event of the log. */
export function isExempt(metadata: JsonObject | undefined): boolean {
  const mark = metadata?.[RULES_KEY];
  return isJsonObject(mark) && mark['exempt'] === true;
}

/** Metadata as its publisher gave it. */
export function withoutRulesMark(metadata: JsonObject | undefined): JsonObject | undefined {
  if (!metadata || !Object.hasOwn(metadata, RULES_KEY)) return metadata;
  const { [RULES_KEY]: _mark, ...given } = metadata;
  return Object.keys(given).length > 0 ? given : undefined;
}
