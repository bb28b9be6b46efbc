import { z } from 'zod';

const flag = z.enum(['true', 'false']).transform((word) => word === 'true').optional()
  .meta({ type: 'boolean', default: false });

export const StreamQuery = z.strictObject({
  channel: z.string().min(1).max(300).describe('Such as player/{id}, world/*, server/{serverId}.'),
  from: z.string().max(200).optional().describe('The cursor to resume from; `Last-Event-ID` goes before it.'),
  epoch: z.string().max(100).optional(),
  snapshot: flag,
  delivery: z.enum(['lossless', 'latest']).optional(),
  ticket: z.string().max(100).optional().describe('From `POST /stream/tickets`, in place of a token.'),
});

const StreamTicketBody = z.object({
  ticket: z.string(),
  expiresAt: z.string().meta({ format: 'date-time' }),
});
export type TicketBody = z.output<typeof StreamTicketBody>;

/** The components of the OpenAPI document that this lib's routes refer to, by name. */
export function streamOpenApiSchemas(): Record<string, Record<string, unknown>> {
  const { $schema: _schema, ...schema } = z.toJSONSchema(StreamTicketBody, { target: 'openapi-3.0' }) as Record<string, unknown>;
  return { StreamTicket: schema };
}
