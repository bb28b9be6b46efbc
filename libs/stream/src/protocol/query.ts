import { z } from 'zod';
import { filterSchema, refusalOf, type Subscribe, subscribeSchema } from './requests.js';

const { channel, from, epoch, delivery } = subscribeSchema.shape;
const { eventTypes, paths } = filterSchema.shape;

const flag = z.enum(['true', 'false']).transform((word) => word === 'true').optional().meta({ type: 'boolean', default: false });

/** A list in a query is a parameter that is given as often as it has items. */
const listOf = <Item extends z.ZodType>(list: Item) => z.preprocess((given) => (typeof given === 'string' ? [given] : given), list);

/** What the query of a stream may say: a `subscribe`, but for its channel. */
export const subscribeQuery = z.strictObject({
  from, epoch, snapshot: flag, delivery, presence: flag,
  eventTypes: listOf(eventTypes).describe('Only these; may be given several times.'),
  paths: listOf(paths).describe('JSON Pointers, may be given several times: of what changed, one must be at, above or below one of them.'),
  ticket: z.string().max(100).optional().describe('From `POST /stream/tickets`, in place of a token.'),
});

export const channelQuery = z.strictObject({
  channel, ...subscribeQuery.shape, from: from.describe('The cursor to resume from; `Last-Event-ID` goes before it.'),
});

/** The `subscribe` that a query stands for. */
export function subscribeOf(name: string, query: z.output<typeof subscribeQuery>): Subscribe {
  const { ticket: _ticket, eventTypes: types, paths: pointers, ...rest } = query;
  const filter = { ...(types && { eventTypes: types }), ...(pointers && { paths: pointers }) };
  return { action: 'subscribe', channel: name, ...rest, ...((types ?? pointers) && { filter }) };
}

/** The same from a URL. @throws ServiceError VALIDATION_ERROR */
export function readSubscribe(name: string, params: URLSearchParams): Subscribe {
  const given = Object.fromEntries([...params.keys()].map((key) => {
    const values = params.getAll(key);
    return [key, values.length === 1 ? values[0] : values];
  }));
  const read = subscribeQuery.safeParse(given);
  if (!read.success) throw refusalOf(read.error, 'the query');
  return subscribeOf(name, read.data);
}
