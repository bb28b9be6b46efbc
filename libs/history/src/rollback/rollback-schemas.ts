import { z } from 'zod';
import { scopeSchema } from './scope.js';

export const RollbackRequest = z.strictObject({ scope: scopeSchema }).meta({ id: 'RollbackRequest' });

const reason = z.string().min(1).max(500);
export const RollbackExecution = z.strictObject({
  reason, confirm: z.string().max(10).describe('The number of affected aggregates, as a string.'),
}).meta({ id: 'RollbackExecution' });
export const RollbackUndo = z.strictObject({ reason }).meta({ id: 'RollbackUndo' });

export const RollbackParams = z.strictObject({ rollbackId: z.guid().toLowerCase().meta({ format: 'uuid' }) });
export const RollbacksQuery = z.strictObject({
  limit: z.string().regex(/^\d{1,3}$/, 'must be a whole number').transform(Number).pipe(z.number().int().min(1).max(100)).optional()
    .meta({ type: 'integer', minimum: 1, maximum: 100, default: 50 }),
  cursor: z.string().max(256).optional(),
});

const id = z.string().meta({ format: 'uuid' });
const time = z.string().meta({ format: 'date-time' });
const place = { aggregateType: z.string(), aggregateId: id };

const rollback = {
  rollbackId: id,
  status: z.enum(['previewed', 'executing', 'executed', 'undoing', 'undone']),
  scope: z.looseObject({}),
  createdBy: z.string(), createdAt: time, expiresAt: time.describe('Of the preview.'),
  reason: z.string().optional(), executedBy: z.string().optional(), executedAt: time.optional(),
  undoReason: z.string().optional(), undoneBy: z.string().optional(), undoneAt: time.optional(),
};
const RollbackBody = z.object({
  ...rollback,
  affected: z.array(z.object({
    ...place, version: z.number().int(), diff: z.array(z.object({ path: z.string(), old: z.unknown().optional(), new: z.unknown().optional() })),
  })),
  conflicts: z.array(z.object({
    ...place, path: z.string(),
    resolution: z.enum(['kept', 'taken back by the amount', 'set back below a later change', 'limited by the bounds']),
  })).describe('Paths that were also changed later, or cannot go back all the way, and what becomes of them.'),
}).meta({ id: 'Rollback' });

const RollbackResult = z.object({
  rollbackId: id, status: z.enum(['executed', 'undone']),
  events: z.array(z.object({ eventId: id, eventType: z.string(), ...place, eventVersion: z.number().int() })),
}).meta({ id: 'RollbackResult' });

const count = z.number().int().min(0);
const RollbackList = z.object({
  rollbacks: z.array(z.object({ ...rollback, aggregates: count.describe('How many it affects.'), conflicts: count.describe('How many there are.') })), hasMore: z.boolean(),
}).meta({ id: 'RollbackList' });

export const ROLLBACK_COMPONENTS = [RollbackRequest, RollbackExecution, RollbackUndo, RollbackBody, RollbackResult, RollbackList];
