import { z } from 'zod';

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
