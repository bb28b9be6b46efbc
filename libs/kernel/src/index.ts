export { canonicalJson, sha256Hex } from './canonical-json.js';
export { ERROR_STATUS, ServiceError, type ErrorWord } from './errors.js';
export {
  AGGREGATE_TYPES, type AggregateRef, type AggregateSnapshot, type AggregateType, type EventContext, type EventDraft,
  refKey, type StoredEvent,
} from './event.js';
export { type Hlc, hlcToMs, nextHlc } from './hlc.js';
export { fromPointer, isJsonObject, type Json, type JsonObject, toPointer, valueAt } from './json.js';
export {
  changesOf, type Clocks, type ClockTree, EMPTY_FOLD, fold, type FoldState, MERGE_KINDS, type MergeKind, type Op,
} from './ops.js';
export { BATCH_JSON_LIMITS, JSON_LIMITS, type JsonLimits, type JsonRefusal, parseStrictJson } from './strict-json.js';
