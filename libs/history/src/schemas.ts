import { AggregateStateBody, componentsOf } from '@app/game-state';
import { AGGREGATE_TYPES } from '@app/kernel';
import { z } from 'zod';
import { ROLLBACK_COMPONENTS } from './rollback/rollback-schemas.js';
import type { Moment } from './travel.js';

const uuid = z.guid().toLowerCase().meta({ format: 'uuid' });
const aggregateType = z.enum(AGGREGATE_TYPES);
const time = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-25T12:00:00Z' });
const moment = z.union([z.string().regex(/^[1-9]\d{0,15}$/), time], 'must be a version or a time such as 2026-11-25T12:00:00Z')
  .transform((text): Moment => (/^\d+$/.test(text) ? Number(text) : new Date(text)))
  .meta({ type: 'string' });

export const DiffParams = z.strictObject({ aggregateType, aggregateId: uuid });
export const DiffQuery = z.strictObject({
  from: moment.describe('A version, or a time.'),
  to: moment.describe('A version, or a time.'),
});

export const WorldQuery = z.strictObject({
  at: time.transform((text) => new Date(text)).optional().meta({ type: 'string', format: 'date-time' })
    .describe('Required on the first page; the cursor keeps it for the others.'),
  type: aggregateType.optional(),
  cursor: z.string().max(256).optional(),
  limit: z.string().regex(/^\d{1,3}$/, 'must be a whole number').transform(Number).pipe(z.number().int().min(1).max(100)).optional()
    .meta({ type: 'integer', minimum: 1, maximum: 100, default: 50 }),
});

const pointer = z.string().describe('JSON Pointer (RFC 6901)');
const side = z.object({ version: z.number().int().min(1), timestamp: z.string().meta({ format: 'date-time' }) });

const StateDiff = z.object({
  aggregateType, aggregateId: z.string().meta({ format: 'uuid' }), from: side, to: side,
  patch: z.array(z.object({ op: z.enum(['add', 'remove', 'replace']), path: pointer, value: z.unknown().optional() }))
    .describe('JSON Patch (RFC 6902) that makes the data of `from` the data of `to`'),
  changes: z.array(z.object({ path: pointer, old: z.unknown().optional(), new: z.unknown().optional() })),
}).meta({ id: 'StateDiff' });

const WorldAt = z.object({
  at: z.string().meta({ format: 'date-time' }).optional(),
  states: z.array(AggregateStateBody),
  hasMore: z.boolean(),
}).meta({ id: 'WorldAt' });

/** The components of the OpenAPI document that this lib's routes refer to, by name. */
export function historyOpenApiSchemas(): Record<string, Record<string, unknown>> {
  return componentsOf([AggregateStateBody, StateDiff, WorldAt, ...ROLLBACK_COMPONENTS]);
}
