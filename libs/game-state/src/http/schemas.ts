import { AGGREGATE_TYPES, isJsonObject, type JsonObject } from '@app/kernel';
import { z } from 'zod';

/**
 * The bodies and parameters of the contract. One source for validation and for OpenAPI: every schema with an `id` becomes a
 * component of the document.
 */
const MAX_VERSION = Number.MAX_SAFE_INTEGER;

const uuid = z.guid().toLowerCase().meta({ format: 'uuid' });
/** Checked for unsafe content in the raw body already; not walked again here. */
const object = z.custom<JsonObject>(isJsonObject, 'must be an object').meta({ type: 'object', additionalProperties: true });
const label = z.string().min(1).max(128);
const whole = (min: number) => z.number().int().min(min).max(MAX_VERSION);
const wholeText = (min: number, max = MAX_VERSION) =>
  z.string().regex(/^\d{1,16}$/, `must be a whole number`).transform(Number).pipe(z.number().int().min(min).max(max))
    .meta({ type: 'integer', minimum: min, maximum: max });
const flagText = z.enum(['true', 'false', '']).transform((text) => text !== 'false').meta({ type: 'boolean' });

export const aggregateType = z.enum(AGGREGATE_TYPES);

export const AggregateParams = z.strictObject({ aggregateType, aggregateId: uuid });

export const StateQuery = z.strictObject({ version: wholeText(1).optional(), includeEvents: flagText.optional() });

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
  metadata: object.optional(),
  userId: uuid.optional(),
}).meta({ id: 'StateUpdateRequest' });

export const StatePatch = changes.meta({ id: 'StatePatch', type: 'object', additionalProperties: true });

/** An event whose effect would be told wrongly by its name. */
const RESERVED = 'StateDeleted';

export const EventPublishRequest = z.strictObject({
  eventType: z.string().regex(/^[A-Za-z0-9_][\w.:/-]{0,127}$/, 'must be 1 to 128 letters, digits and _ . : / -')
    .refine((type) => type !== RESERVED, `${RESERVED} is made by DELETE`),
  aggregateType,
  aggregateId: uuid,
  eventData: object,
  metadata: object.optional(),
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

export const EventPublishBody = z.object({
  eventId: id,
  eventVersion: version,
  timestamp: time.optional(),
  status: z.enum(['published', 'processing', 'processed']).optional(),
}).meta({ id: 'EventPublishResponse' });

export const EventBatchBody = z.object({
  results: z.array(z.object({
    index: z.number().int().min(0),
    code: z.string().describe('The HTTP status this item would have had alone, as a string'),
    eventId: id.optional(),
    eventVersion: version.optional(),
    timestamp: time.optional(),
    status: z.string().optional(),
    error: z.string().optional(),
    message: z.string().optional(),
    details: z.record(z.string(), z.unknown()).optional(),
  })),
  accepted: z.number().int().min(0),
  refused: z.number().int().min(0),
}).meta({ id: 'EventBatchResponse' });

export const EventHistoryBody = z.object({
  aggregateType,
  aggregateId: id,
  events: z.array(GameEventBody),
  totalCount: z.number().int().min(0).optional().describe('Events in the asked range of versions'),
  hasMore: z.boolean().optional(),
}).meta({ id: 'EventHistoryResponse' });
