import { z } from 'zod';
import { name } from '../claims.js';

const label = name('must be 1 to 255 characters without control characters');

/** The body of `POST /tokens/revocations`. */
export const TokenRevocationRequest = z.strictObject({
  tokenId: label.optional().describe('The claim `jti` of the token.'),
  subject: label.optional().describe('The claim `sub`: every token of it that was issued before now, by `iat`.'),
  reason: z.string().min(1).max(500).optional(),
  expiresAt: z.iso.datetime({ offset: true }).transform((text) => new Date(text))
    .refine((time) => time.getTime() > Date.now(), 'must be in the future').optional()
    .describe('When the revocation ends. Without it, when it is lifted: so that no token outlives it.'),
}).refine(({ tokenId, subject }) => (tokenId === undefined) !== (subject === undefined), {
  message: 'must be given, or subject, and not both', path: ['tokenId'],
}).meta({ id: 'TokenRevocationRequest' });

export const RevocationsQuery = z.strictObject({
  limit: z.string().regex(/^\d{1,4}$/, 'must be a whole number').transform(Number)
    .pipe(z.number().int().min(1).max(1000)).optional()
    .meta({ type: 'integer', minimum: 1, maximum: 1000, default: 100 }),
  cursor: z.string().max(256).optional(),
});

export const RevocationParams = z.strictObject({ id: z.guid().toLowerCase().meta({ format: 'uuid' }) });

export const NoQuery = z.strictObject({});

const time = z.string().meta({ format: 'date-time' });

export const TokenRevocationBody = z.object({
  id: z.string().meta({ format: 'uuid' }),
  tokenId: z.string().optional(),
  subject: z.string().optional(),
  reason: z.string().optional(),
  revokedBy: z.string(),
  revokedAt: time,
  expiresAt: time.optional().describe('Absent: until it is lifted'),
}).meta({ id: 'TokenRevocation' });
export type TokenRevocationBody = z.output<typeof TokenRevocationBody>;

export const TokenRevocationList = z.object({
  revocations: z.array(TokenRevocationBody), hasMore: z.boolean(),
}).meta({ id: 'TokenRevocationList' });

/** The components of the OpenAPI document that this lib's routes refer to, by name. */
export function authOpenApiSchemas(): Record<string, Record<string, unknown>> {
  const registry = z.registry<{ id: string }>();
  for (const schema of [TokenRevocationRequest, TokenRevocationBody, TokenRevocationList]) {
    registry.add(schema, { id: z.globalRegistry.get(schema)!.id! });
  }
  const { schemas } = z.toJSONSchema(registry, {
    target: 'openapi-3.0', io: 'input', unrepresentable: 'any', uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $id: _id, $schema: _schema, id: _name, ...rest }]) => [id, rest]));
}
