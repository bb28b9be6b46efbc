export { canonicalJson, sha256Hex } from './canonical-json.js';
export { type Difference, differences, type PatchOperation, toJsonPatch } from './diff.js';
export { ERROR_STATUS, ServiceError, type ErrorWord } from './errors.js';
export {
  AGGREGATE_TYPES, type AggregateRef, type AggregateSnapshot, type AggregateType, type EventContext, type EventDraft,
  refKey, type StoredEvent,
} from './event.js';
export { Replay } from './fold-in-place.js';
export { type Hlc, hlcToMs, nextHlc } from './hlc.js';
export { fromPointer, isJsonObject, type Json, type JsonObject, toPointer, valueAt } from './json.js';
export { decodePosition, encodePosition, type LogPosition } from './log-position.js';
export {
  changesOf, type Clocks, type ClockTree, EMPTY_FOLD, fold, type FoldState, MERGE_KINDS, type MergeKind, type Op,
} from './ops.js';
export type { PartyViolation } from './rules/conserve.js';
export { isExempt, RULES_KEY, rulesMark, withoutRulesMark } from './rules/mark.js';
export {
  type ConserveRule, type ConserveTerm, type PathRule, type Rule, RULE_MODES, type RuleMode, type RuleOfType, type Scalar, type Violation,
} from './rules/rule.js';
export { type Judged, type Judgement, RuleSet } from './rules/rule-set.js';
export { BATCH_JSON_LIMITS, JSON_LIMITS, type JsonLimits, type JsonRefusal, parseStrictJson } from './strict-json.js';
