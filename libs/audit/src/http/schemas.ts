import { AGGREGATE_TYPES } from '@app/kernel';
import { z } from 'zod';
import { AUDIT_KINDS, AUDIT_OUTCOMES } from '../entry.js';

const moment = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-25T12:00:00Z' }).transform((text) => new Date(text))
  .optional().meta({ type: 'string', format: 'date-time' });

export const AuditQuery = z.strictObject({
  actor: z.string().min(1).max(255).optional().describe('The subject of the token.'),
  kind: z.enum(AUDIT_KINDS).optional(),
  changes: z.looseObject({}).optional().describe('Of a command: its effect on the state, as a merge patch with what came of increments, where that is not '
    + 'what `parameters` say; bounded and redacted as they are'),
  outcome: z.enum(AUDIT_OUTCOMES).optional(),
  aggregateType: z.enum(AGGREGATE_TYPES).optional(),
  aggregateId: z.guid().toLowerCase().optional().meta({ format: 'uuid' }).describe('Comes with aggregateType.'),
  from: moment.describe('Entries from this time on. Without it, of the 24 hours before `to`.'),
  to: moment.describe('Entries before this time. Without it, up to now.'),
  limit: z.string().regex(/^\d{1,4}$/, 'must be a whole number').transform(Number)
    .pipe(z.number().int().min(1).max(1000)).optional()
    .meta({ type: 'integer', minimum: 1, maximum: 1000, default: 100 }),
  cursor: z.string().max(256).optional().describe('Keeps the time of the first page.'),
}).refine(({ aggregateId, aggregateType }) => aggregateId === undefined || aggregateType !== undefined, {
  message: 'must come with aggregateType', path: ['aggregateId'],
}).refine(({ from, to }) => !from || !to || from < to, { message: 'must be before to', path: ['from'] });

const time = z.string().meta({ format: 'date-time' });
const uuid = z.string().meta({ format: 'uuid' });

const AuditEntryBody = z.object({
  id: uuid.describe('Of a command: the id of its event'),
  at: time,
  kind: z.enum(AUDIT_KINDS).describe('`command`: an event, so an accepted command; `refusal`: 403, 422, 429; `authentication`: 401; '
    + '`operation`, `rollback`, `administration`: what operators changed'),
  actor: z.string().optional().describe('The subject of the token; absent where there was none that holds'),
  action: z.string().describe('The operation of this API, or the type of the event'),
  target: z.looseObject({ aggregateType: z.string().optional(), aggregateId: z.string().optional() }).optional()
    .describe('The aggregate, or what else has an id: `rollbackId`, `operationId`'),
  parameters: z.looseObject({}).optional().describe('Bounded; values under keys such as `token`, `secret`, `password` or `key` are `[redacted]`'),
  changes: z.looseObject({}).optional().describe('Of a command: its effect on the state, as a merge patch with what came of increments, where that is not '
    + 'what `parameters` say; bounded and redacted as they are'),
  outcome: z.enum(AUDIT_OUTCOMES).describe('`begun`: it was written down before it was done, and no end of it'),
  status: z.number().int().optional().describe('Of the HTTP answer'),
  error: z.string().optional().describe('The stable word of the refusal'),
  reason: z.string().optional(),
  traceId: z.string().optional(),
  requestId: z.string().optional(),
  address: z.string().optional().describe('Where it came from'),
  count: z.number().int().min(1).describe('So many were alike: more than 1 only where there were too many to keep each'),
}).meta({ id: 'AuditEntry' });

const AuditListBody = z.object({ entries: z.array(AuditEntryBody), hasMore: z.boolean() }).meta({ id: 'AuditList' });

/** The components of the OpenAPI document that this lib's routes refer to, by name. */
export function auditOpenApiSchemas(): Record<string, Record<string, unknown>> {
  const registry = z.registry<{ id: string }>();
  for (const schema of [AuditEntryBody, AuditListBody]) registry.add(schema, { id: z.globalRegistry.get(schema)!.id! });
  const { schemas } = z.toJSONSchema(registry, {
    target: 'openapi-3.0', io: 'input', unrepresentable: 'any', uri: (name) => `#/components/schemas/${name}`,
  });
  return Object.fromEntries(Object.entries(schemas).map(([name, { $id: _id, $schema: _schema, id: _name, ...rest }]) => [name, rest]));
}
