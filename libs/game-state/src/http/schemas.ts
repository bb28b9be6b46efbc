import { AGGREGATE_TYPES, isJsonObject, type JsonObject, RULES_KEY } from '@app/kernel';
import { z } from 'zod';

/**
 * The bodies and parameters of the contract. One source for validation and for OpenAPI: every schema with an `id` becomes a
 * component of the document.
 */
const MAX_VERSION = Number.MAX_SAFE_INTEGER;

const uuid = z.guid().toLowerCase().meta({ format: 'uuid' });
/** Checked for unsafe content in the raw body already; not walked again here. */
const object = z.custom<JsonObject>(isJsonObject, 'must be an object').meta({ type: 'object', additionalProperties: true });
const metadata = object.refine((value) => !Object.hasOwn(value, RULES_KEY), { message: 'is written by the service alone', path: [RULES_KEY] });
const label = z.string().min(1).max(128);
const whole = (min: number) => z.number().int().min(min).max(MAX_VERSION);
const wholeText = (min: number, max = MAX_VERSION) =>
  z.string().regex(/^\d{1,16}$/, `must be a whole number`).transform(Number).pipe(z.number().int().min(min).max(max))
    .meta({ type: 'integer', minimum: min, maximum: max });
const flagText = z.enum(['true', 'false', '']).transform((text) => text !== 'false').meta({ type: 'boolean' });

export const aggregateType = z.enum(AGGREGATE_TYPES);

export const AggregateParams = z.strictObject({ aggregateType, aggregateId: uuid });

export const StateQuery = z.strictObject({
  version: wholeText(1).optional(),
  at: z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-25T12:00:00Z' }).transform((text) => new Date(text)).optional()
    .describe('The state as it was at this time.').meta({ type: 'string', format: 'date-time' }),
  includeEvents: flagText.optional(),
  consistency: z.enum(['strong', 'bounded']).optional().describe('strong: read the database; bounded: at most 150 ms old')
    .meta({ default: 'bounded' }),
}).refine(({ version, at }) => version === undefined || at === undefined, { message: 'must not come with version', path: ['at'] });

export const HistoryQuery = z.strictObject({
  fromVersion: wholeText(1).optional(),
  toVersion: wholeText(1).optional(),
  limit: wholeText(1, 1000).optional().meta({ default: 100 }),
  cursor: z.string().max(256).optional(),
}).refine(({ fromVersion, toVersion }) => (fromVersion ?? 1) <= (toVersion ?? MAX_VERSION), {
  message: 'must not be greater than toVersion', path: ['fromVersion'],
});

export const DeleteQuery = z.strictObject({ expectedVersion: wholeText(1).optional() });

export const NoQuery = z.strictObject({});

const changes = object.refine((value) => Object.keys(value).length > 0, 'must not be empty');

export const StateUpdateRequest = z.strictObject({
  changes: changes.describe('A merge patch (RFC 7396) on `data`. `{"$inc": n}` in place of a value adds n.'),
  expectedVersion: whole(0).describe('The version this update is based on; 0: must not exist yet.'),
  metadata: metadata.optional(),
  userId: uuid.optional(),
}).meta({ id: 'StateUpdateRequest' });

export const StatePatch = changes.meta({ id: 'StatePatch', type: 'object', additionalProperties: true });

const MAX_TOGETHER = 16;

export const TransactionRequest = z.strictObject({
  changes: z.array(z.strictObject({
    aggregateType,
    aggregateId: uuid,
    expectedVersion: whole(0).optional().describe('0: must not exist yet. Absent: whatever is there.'),
    changes,
  })).min(2).max(MAX_TOGETHER),
  rule: z.literal('conserve').optional(),
  conserve: z.array(z.string().min(1).max(500)).min(1).max(16).optional()
    .describe('Fields, or JSON Pointers, of whole numbers whose sum over the aggregates must not change. One that a `conserve` rule of `/rules` names is '
      + 'summed as that rule says, type by type: gold is `gold` of a player and `treasury.gold` of a guild. Any other is the same path in all of them.'),
  metadata: metadata.optional(),
  correlationId: uuid.optional().describe('Of all its events; made here if absent.'),
  causationId: uuid.optional().describe('The event that caused it; all its events say so.'),
}).refine(({ rule, conserve }) => (rule === undefined) === (conserve === undefined), {
  message: 'rule and conserve come together', path: ['rule'],
}).meta({ id: 'TransactionRequest' });

/** An event whose effect would be told wrongly by its name. */
const RESERVED = 'StateDeleted';

export const EventPublishRequest = z.strictObject({
  eventType: z.string().regex(/^[A-Za-z0-9_][\w.:/-]{0,127}$/, 'must be 1 to 128 letters, digits and _ . : / -')
    .refine((type) => type !== RESERVED, `${RESERVED} is made by DELETE`),
  aggregateType,
  aggregateId: uuid,
  eventData: object,
  metadata: metadata.optional(),
  correlationId: uuid.optional(),
  causationId: uuid.optional(),
  eventId: uuid.optional().describe('Idempotency key of the event: sending it again returns the first answer.'),
  expectedVersion: whole(0).optional(),
  serverId: label.optional(),
  playerId: uuid.optional(),
  sessionId: uuid.optional(),
  stateChanges: object.optional().describe('The effect on state, where it is not what `eventData` says.'),
}).meta({ id: 'EventPublishRequest' });
export type EventPublishRequest = z.output<typeof EventPublishRequest>;

export const MAX_BATCH = 500;

/** Items are looked at one by one, so that a bad one does not refuse the others. */
export const EventBatchRequest = z.strictObject({
  events: z.array(z.unknown()).min(1).max(MAX_BATCH).meta({
    type: 'array', items: { $ref: '#/components/schemas/EventPublishRequest' }, minItems: 1, maxItems: MAX_BATCH,
  }),
}).meta({ id: 'EventBatchRequest' });

const time = z.string().meta({ format: 'date-time' });
const id = z.string().meta({ format: 'uuid' });
const version = z.number().int().min(1);

export const ErrorBody = z.object({
  error: z.string().describe('A stable word, e.g. VERSION_CONFLICT'),
  code: z.string().describe('The HTTP status as a string'),
  message: z.string(),
  timestamp: time,
  details: z.record(z.string(), z.unknown()).optional(),
}).meta({ id: 'Error' });

export const GameEventBody = z.object({
  eventId: id,
  eventType: z.string(),
  aggregateType,
  aggregateId: id,
  eventVersion: version.describe('The version of the aggregate after this event'),
  eventData: object,
  timestamp: time,
  correlationId: id.optional(),
  causationId: id.optional(),
  playerId: id.optional(),
  sessionId: id.optional(),
  metadata: object.optional(),
  serverId: z.string().optional(),
  processedAt: time.optional(),
}).meta({ id: 'GameEvent' });

export const AggregateStateBody = z.object({
  aggregateType,
  aggregateId: id,
  version,
  data: object,
  lastModified: time.optional(),
  checksum: z.string().optional().describe('SHA-256 (hex) of the canonical JSON (RFC 8785) of `data`'),
  events: z.array(GameEventBody).optional(),
}).meta({ id: 'AggregateState' });

export const StateUpdateBody = z.object({
  aggregateType,
  aggregateId: id,
  newVersion: version,
  appliedChanges: object.optional().describe('What was changed, as a merge patch with increments resolved'),
  timestamp: time.optional(),
}).meta({ id: 'StateUpdateResponse' });

export const TransactionBody = z.object({
  results: z.array(StateUpdateBody).describe('One for each item, in its order'),
}).meta({ id: 'TransactionResponse' });

export const EventPublishBody = z.object({
  eventId: id,
  eventVersion: version,
  timestamp: time.optional(),
  status: z.enum(['published', 'processing', 'processed']).optional(),
}).meta({ id: 'EventPublishResponse' });

const count = z.number().int().min(0);

const itemResult = z.object({
  index: count,
  code: z.string().describe('The HTTP status this item would have had alone, as a string'),
  eventId: id.optional(),
  eventVersion: version.optional(),
  timestamp: time.optional(),
  status: z.string().optional(),
  error: z.string().optional(),
  message: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
});

export const EventBatchBody = z.object({
  results: z.array(itemResult), accepted: count, refused: count,
}).meta({ id: 'EventBatchResponse' });

export const EventLineBody = z.union([itemResult, z.object({
  done: z.boolean().describe('Whether every line of the upload was taken'),
  accepted: count,
  refused: count,
  position: z.string().optional().describe('Where the last of the accepted events landed: a read with it as `X-Min-Position` shows them all'),
  nextIndex: count.optional().describe('The first line that was not taken'),
  error: z.string().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
})]).meta({ id: 'EventLineAnswer', description: 'The answer to a line; the last one tells how the stream ended' });

export const EventHistoryBody = z.object({
  aggregateType,
  aggregateId: id,
  events: z.array(GameEventBody),
  totalCount: z.number().int().min(0).optional().describe('Events in the asked range of versions'),
  hasMore: z.boolean().optional(),
}).meta({ id: 'EventHistoryResponse' });
