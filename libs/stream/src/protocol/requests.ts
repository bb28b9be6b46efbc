import { BATCH_JSON_LIMITS, parseStrictJson, ServiceError } from '@app/kernel';
import { z } from 'zod';

const id = z.union([z.string().max(100), z.number()]).describe('Chosen by the client; the answer carries it.');
const channel = z.string().min(1).max(300).describe('Such as player/{id}, world/*, server/{serverId}, operations/{id}.');
const pointer = z.string().max(500).regex(/^(\/|$)/, 'must be a JSON Pointer, such as /inventory/gold');

/** What a subscriber wants to hear of a channel. All that is given must fit. */
export const filterSchema = z.strictObject({
  eventTypes: z.array(z.string().min(1).max(200)).min(1).max(100).optional(),
  paths: z.array(pointer).min(1).max(100).optional().describe('JSON Pointers: of what changed, one must be at, above or below one of them.'),
}).describe('Interest management: only what fits is sent.');

export const subscribeSchema = z.strictObject({
  action: z.literal('subscribe'),
  id: id.optional(),
  channel,
  from: z.string().max(200).optional().describe('The cursor of the last message that was handled.'),
  epoch: z.string().max(100).optional().describe('As SUBSCRIBED gave it.'),
  snapshot: z.boolean().optional().describe('Begin with the state: of now, or at `from` where that is given. Aggregate channels only.'),
  filter: filterSchema.optional(),
  delivery: z.enum(['lossless', 'latest']).optional().describe('latest: only the newest state of each aggregate.'),
  presence: z.boolean().optional().describe('Be seen by, and hear of, the others who said so. world and combat channels only.'),
});
const unsubscribeSchema = z.strictObject({ action: z.literal('unsubscribe'), id: id.optional(), channel });
const pingSchema = z.strictObject({ action: z.literal('ping'), id: id.optional() });

export const requestSchemas = { subscribe: subscribeSchema, unsubscribe: unsubscribeSchema, ping: pingSchema };
const requestSchema = z.discriminatedUnion('action', [subscribeSchema, unsubscribeSchema, pingSchema]);

export type Subscribe = z.infer<typeof subscribeSchema>;
export type Request = z.infer<typeof requestSchema>;
export type RequestId = z.infer<typeof id>;
export type Filter = z.infer<typeof filterSchema>;

/** A message of a client, or why it is none. `id` is there where it could be read. */
export type Reading = { readonly request: Request } | { readonly refusal: ServiceError; readonly id?: RequestId };

export function readRequest(bytes: Buffer): Reading {
  let value: unknown;
  try {
    value = parseStrictJson(bytes, BATCH_JSON_LIMITS);
  } catch (error) {
    if (error instanceof ServiceError) return { refusal: error };
    throw error;
  }
  const read = requestSchema.safeParse(value);
  if (read.success) return { request: read.data };
  const given = z.object({ id }).safeParse(value);
  const refusal = refusalOf(read.error, 'the message');
  return given.success ? { refusal, id: given.data.id } : { refusal };
}

/** @param whole what is wrong where no field of it is */
export function refusalOf({ issues: [issue] }: z.ZodError, whole: string): ServiceError {
  const place = issue?.path.join('.') ?? '';
  return new ServiceError('VALIDATION_ERROR', `${place === '' ? whole : place}: ${issue?.message}`);
}
