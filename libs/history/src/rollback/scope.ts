import { AGGREGATE_TYPES } from '@app/kernel';
import { z } from 'zod';

const uuid = z.guid().toLowerCase().meta({ format: 'uuid' });
const time = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-25T12:00:00Z' }).meta({ format: 'date-time' });

const aggregateScope = z.strictObject({
  aggregateType: z.enum(AGGREGATE_TYPES),
  aggregateId: uuid,
  toVersion: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  toTime: time.optional(),
}).refine(({ toVersion, toTime }) => (toVersion === undefined) !== (toTime === undefined), {
  message: 'takes toVersion or toTime, and not both', path: ['toVersion'],
});

/** What to take back: exactly one of these. */
export const scopeSchema = z.union([
  z.strictObject({ aggregate: aggregateScope }).describe('One aggregate goes back to a version or a time.'),
  z.strictObject({ correlationId: uuid }).describe('Everything of one transaction or trace.'),
  z.strictObject({ causationId: uuid }).describe('The event of this id and everything it caused.'),
  z.strictObject({ actor: z.string().min(1).max(255), from: time, to: time }).describe('Everything that one subject did in a time.'),
], 'takes one of aggregate, correlationId, causationId, or actor with from and to');

export type Scope = z.output<typeof scopeSchema>;
