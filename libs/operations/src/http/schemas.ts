import { componentsOf } from '@app/game-state';
import { AGGREGATE_TYPES } from '@app/kernel';
import { z } from 'zod';
import { OPERATION_STATUSES } from '../operation.js';
import { DEAD_LETTER_COMPONENTS } from './dead-letter-schemas.js';

const id = z.string().meta({ format: 'uuid' });
const time = z.string().meta({ format: 'date-time' });
const moment = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-25T12:00:00Z' }).meta({ format: 'date-time' });
const position = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const aggregateType = z.enum(AGGREGATE_TYPES);
/** They are one answer. */
const MOST_FINDINGS = 1_000;
const reason = z.string().min(1).max(500);

export const RebuildRequest = z.strictObject({
  target: z.enum(['states', 'analytics']),
  aggregateType: aggregateType.optional().describe('States of this type only.'),
  acceptDifferences: z.boolean().optional().describe('Take the new build though it differs from the one it replaces. Default: false.'),
  reason: reason.optional(),
}).meta({ id: 'RebuildRequest' });

export const RevertRequest = z.strictObject({
  target: z.enum(['states', 'analytics']), aggregateType: aggregateType.optional().describe('States of this type only.'), reason: reason.optional(),
}).meta({ id: 'RebuildRevertRequest' });

export const ReplayRequest = z.strictObject({
  through: z.enum(['fold', 'rule']),
  rule: z.union([z.string().min(1).max(128), z.looseObject({})]).optional()
    .describe('Required with `rule`: the id of a rule, or a `RuleDeclaration` to be tried.'),
  aggregateType: aggregateType.optional(),
  fromPosition: position.optional(), toPosition: position.optional().describe('Included.'),
  from: moment.optional(), to: moment.optional(),
  dryRun: z.boolean().optional().describe('Default: true.'),
}).refine(({ through, rule }) => (through === 'rule') === (rule !== undefined), { message: 'comes with `through: rule`, and only then', path: ['rule'] })
  .meta({ id: 'ReplayRequest' });

export const VerifyRequest = z.strictObject({
  limit: z.number().int().min(1).max(MOST_FINDINGS).optional().describe(`Findings after which it stops. Default: ${MOST_FINDINGS}.`),
  reason: reason.optional(),
}).meta({ id: 'VerifyRequest' });

export const NoQuery = z.strictObject({});
export const OperationParams = z.strictObject({ operationId: z.guid().toLowerCase().meta({ format: 'uuid' }) });
export const OperationsQuery = z.strictObject({
  status: z.enum(OPERATION_STATUSES).optional(),
  limit: z.string().regex(/^\d{1,3}$/, 'must be a whole number').transform(Number).pipe(z.number().int().min(1).max(100)).optional()
    .meta({ type: 'integer', minimum: 1, maximum: 100, default: 50 }),
  cursor: z.string().max(256).optional(),
});

const count = z.number().int().min(0);

const OperationBody = z.object({
  operationId: id, kind: z.string(), parameters: z.looseObject({}), status: z.enum(OPERATION_STATUSES),
  progress: z.number().min(0).max(1),
  done: count, total: count.describe('0 until it is known.'), unit: z.string().describe('What `done` and `total` count.'),
  rate: z.number().min(0).describe('Of `unit` in a second: lately while it runs, over its last run when it is finished.'),
  etaSeconds: z.number().min(0).optional(),
  result: z.looseObject({}).optional(), error: z.string().optional(),
  createdBy: z.string(), createdAt: time, startedAt: time.optional(), finishedAt: time.optional(),
}).meta({ id: 'Operation' });

const OperationList = z.object({ operations: z.array(OperationBody), hasMore: z.boolean() }).meta({ id: 'OperationList' });

/** The components of the OpenAPI document that this lib's routes refer to, by name. */
export function operationOpenApiSchemas(): Record<string, Record<string, unknown>> {
  return componentsOf([RebuildRequest, RevertRequest, ReplayRequest, VerifyRequest, OperationBody, OperationList, ...DEAD_LETTER_COMPONENTS]);
}
