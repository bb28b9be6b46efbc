import { componentsOf, GameEventBody } from '@app/game-state';
import { AGGREGATE_TYPES, RULE_MODES } from '@app/kernel';
import { RuleDeclaration } from '@app/rules';
import { z } from 'zod';
import { FLAG_STATUSES } from '../sql/flags.js';

const uuid = z.guid().toLowerCase().meta({ format: 'uuid' });
const aggregateType = z.enum(AGGREGATE_TYPES);
const text = (max: number) => z.string().trim().min(1).max(max);
const page = {
  limit: z.string().regex(/^\d{1,3}$/, 'must be a whole number').transform(Number).pipe(z.number().int().min(1).max(100)).optional()
    .meta({ type: 'integer', minimum: 1, maximum: 100, default: 50 }),
  cursor: z.string().max(256).optional(),
};

export const NoQuery = z.strictObject({});
export const FlagParams = z.strictObject({ flagId: uuid });
export const FlagsQuery = z.strictObject({
  status: z.enum(FLAG_STATUSES).optional(), rule: z.string().min(1).max(64).optional(), aggregateType: aggregateType.optional(),
  aggregateId: uuid.optional(), ...page,
});
export const FlagAssignment = z.strictObject({ assignee: text(255) }).meta({ id: 'FlagAssignment' });
export const FlagResolution = z.strictObject({ resolution: z.enum(['confirmed', 'dismissed']), note: text(2_000) }).meta({ id: 'FlagResolution' });

export const QuarantineParams = z.strictObject({ aggregateType, aggregateId: uuid });
export const QuarantinesQuery = z.strictObject({
  status: z.enum(['active', 'released']).optional().meta({ default: 'active' }), aggregateType: aggregateType.optional(), ...page,
});
export const QuarantineRelease = z.strictObject({ reason: text(500) }).meta({ id: 'QuarantineRelease' });

const id = z.string().meta({ format: 'uuid' });
const time = z.string().meta({ format: 'date-time' });
const version = z.number().int().min(1);
const count = z.number().int().min(0);
const value = z.unknown().optional();
const mode = z.enum(RULE_MODES).exclude(['off']);

const flag = {
  flagId: id, status: z.enum(FLAG_STATUSES), rule: z.string(), kind: z.string(), mode,
  aggregateType, aggregateId: id, eventId: id, eventVersion: version,
  actor: z.string().describe('Who made the event.'), occurredAt: time, raisedAt: time,
  path: z.string().describe('JSON Pointer of the first path that broke the rule.'),
  before: value.describe('The value at the path; absent where nothing was, or no scalar.'), after: value,
  measured: z.number().optional().describe('What was held against `limit`: the sum of a window, or what a command left over.'),
  limit: z.number().optional(),
  paths: count.optional().describe('How many paths of the event broke the rule, where there are several.'),
  operationId: id.optional().describe('The replay that found it.'),
  assignee: z.string().optional(), resolvedBy: z.string().optional(), resolvedAt: time.optional(), note: z.string().optional(),
};
const FlagBody = z.object(flag).meta({ id: 'Flag' });
const evidence = z.object({ actor: z.string(), event: GameEventBody });
const FlagDetail = z.object({
  ...flag,
  isQuarantined: z.boolean().describe('Whether its aggregate is in quarantine now.'),
  actions: z.array(z.object({
    action: z.enum(['assigned', 'confirmed', 'dismissed']), actor: z.string(), actedAt: time, assignee: z.string().optional(), note: z.string().optional(),
  })).describe('Every step of the review, in order.'),
  evidence: z.array(evidence).describe('The event and those around it, oldest first.'),
  together: z.array(evidence).optional().describe('Of a rule on sums: what the same command did to other aggregates.'),
}).meta({ id: 'FlagDetail' });
const FlagList = z.object({ flags: z.array(FlagBody), hasMore: z.boolean() }).meta({ id: 'FlagList' });

const QuarantineBody = z.object({
  aggregateType, aggregateId: id, since: time, flagId: id, rule: z.string(), eventId: id, eventVersion: version,
  releasedAt: time.optional(), releasedBy: z.string().optional(), reason: z.string().optional(),
}).meta({ id: 'Quarantine' });
const QuarantineList = z.object({ quarantines: z.array(QuarantineBody), hasMore: z.boolean() }).meta({ id: 'QuarantineList' });
const QuarantineStatus = z.object({
  aggregateType, aggregateId: id, isQuarantined: z.boolean(), quarantines: z.array(QuarantineBody).describe('The newest 100, the newest first.'),
}).meta({ id: 'QuarantineStatus' });

const RuleList = z.object({
  rules: z.array(z.object({
    rule: RuleDeclaration, flags: z.object({ open: count, assigned: count, confirmed: count, dismissed: count }).describe('How many it raised.'),
  })),
}).meta({ id: 'RuleList' });

/** The components of the OpenAPI document that this lib's routes refer to, by name. */
export function integrityOpenApiSchemas(): Record<string, Record<string, unknown>> {
  return componentsOf([
    GameEventBody, RuleDeclaration, RuleList, FlagAssignment, FlagResolution, FlagBody, FlagDetail, FlagList, QuarantineRelease, QuarantineBody,
    QuarantineList, QuarantineStatus,
  ]);
}
