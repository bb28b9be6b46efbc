import { AGGREGATE_TYPES, RULE_MODES } from '@app/kernel';
import { z } from 'zod';

const MONTH_S = 31 * 24 * 3600;

const aggregateType = z.enum(AGGREGATE_TYPES);
const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be 1 to 64 lower-case letters, digits and -');
const path = z.string().max(256).regex(/^[^/]+(\/[^/]+)*$/, 'must be keys with / between them, * for any key')
  .describe('Keys with `/` between them; `*` is any one key.');
const scalar = z.union([z.string().max(256), z.number(), z.boolean(), z.null()]);
const head = {
  id, aggregateType, mode: z.enum(RULE_MODES),
  about: z.string().min(1).max(200).describe('One line for whoever reviews its flags.'),
};

const bounds = z.strictObject({ ...head, kind: z.literal('bounds'), path, min: z.number().optional(), max: z.number().optional() })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'takes min, max or both')
  .refine(({ min = -Infinity, max = Infinity }) => min <= max, { message: 'must not be above max', path: ['min'] });

const monotonic = z.strictObject({ ...head, kind: z.literal('monotonic'), path, direction: z.enum(['up', 'down']) });

const rate = z.strictObject({
  ...head, kind: z.literal('rate'), path,
  max: z.number().min(0).describe('To which the increases within any window may add up; decreases do not count.'),
  windowSeconds: z.number().int().min(1).max(MONTH_S),
});

const transition = z.strictObject({
  ...head, kind: z.literal('transition'), path,
  forbidden: z.array(z.tuple([scalar, scalar])).min(1).max(100).describe('Pairs of from and to; `*` is any value that is there, null is none.')
    // OpenAPI 3.0 has no tuples.
    .meta({ type: 'array', items: { type: 'array', items: {}, minItems: 2, maxItems: 2 } }),
});

const term = z.strictObject({ aggregateType, path, counts: z.enum(['for', 'against']) });
const conserve = z.strictObject({
  ...head, kind: z.literal('conserve'),
  terms: z.array(term).min(1).max(16).describe('What adds up, over all aggregates of a command, to what it was before.'),
}).refine(({ terms }) => new Set(terms.map((each) => each.path.split('/').filter((key) => key === '*').length)).size === 1, {
  message: 'must have as many * in each path: they stand for the same keys', path: ['terms'],
});

/** A rule of a game as JSON. */
export const RuleDeclaration = z.discriminatedUnion('kind', [bounds, monotonic, rate, transition, conserve]).meta({ id: 'RuleDeclaration' });

/** A rule to be tried on the past: its mode does not matter yet. */
export const CandidateRule = z.preprocess(
  (value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? { mode: 'flag', ...value } : value), RuleDeclaration);
