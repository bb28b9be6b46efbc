import { z } from 'zod';
import { CLOSE } from './close-codes.js';
import { subscribeQuery } from './query.js';
import { requestSchemas } from './requests.js';

const { ticket } = subscribeQuery.shape;

type Json = Record<string, unknown>;

const channel = z.string();
const cursor = z.string().describe('Opaque. Store the last one that was handled, and send it back as `from`.');
const id = z.union([z.string(), z.number()]).optional().describe('As the client sent it.');
const time = z.string().meta({ format: 'date-time' });
const uuid = z.string().meta({ format: 'uuid' });
const aggregateState = z.looseObject({}).nullable().describe('`AggregateState` of the OpenAPI document; null if deleted or never there.');

const change = {
  messageType: z.literal('STATE_CHANGED'), channel, cursor, timestamp: time, eventId: uuid, eventType: z.string(),
  aggregateType: z.string(), aggregateId: uuid, version: z.int().min(1),
  changes: z.looseObject({}).optional().describe('A merge patch (RFC 7396) of resolved values. Absent with delivery `latest`.'),
  state: aggregateState.optional().describe('With delivery `latest`, in place of `changes`.'),
  deleted: z.literal(true).optional(), serverId: z.string().optional(),
};

/** What the server says. */
const RESPONSES: Readonly<Record<string, z.ZodType>> = {
  SUBSCRIBED: z.object({
    messageType: z.literal('SUBSCRIBED'), id, channel, cursor, epoch: z.string(),
    recovered: z.boolean().describe('False: `from` is out of reach. The state follows where the channel has one, then what is new.'),
  }),
  SNAPSHOT: z.object({ messageType: z.literal('SNAPSHOT'), channel, cursor, state: aggregateState }),
  STATE_CHANGED: z.object(change),
  OPERATION_CHANGED: z.object({
    messageType: z.literal('OPERATION_CHANGED'), channel, cursor, operation: z.looseObject({}).describe('`Operation` of the OpenAPI document.'),
  }).describe('Of `operations/{id}`: first as it is, then when anything has changed, the newest only. After its end nothing more comes.'),
  LIVE: z.object({ messageType: z.literal('LIVE'), channel, cursor }).describe('What was missed has been sent.'),
  CURSOR: z.object({ messageType: z.literal('CURSOR'), channel, cursor })
    .describe('On channels of many aggregates, about every 10,000 changes of the whole log: there was no other change up to here.'),
  RESYNC_REQUIRED: z.object({ messageType: z.literal('RESYNC_REQUIRED'), channel, cursor })
    .describe('The client was too slow: the subscription has ended. Subscribe again from this cursor.'),
  UNSUBSCRIBED: z.object({ messageType: z.literal('UNSUBSCRIBED'), id, channel }),
  PRESENCE: z.object({
    messageType: z.literal('PRESENCE'), channel, members: z.array(z.string()).optional(), joined: z.array(z.string()).optional(),
    left: z.array(z.string()).optional(),
  }).describe('Subjects. `members` once, to who joins; the others afterwards.'),
  PONG: z.object({ messageType: z.literal('PONG'), id }),
  ERROR: z.object({
    messageType: z.literal('ERROR'), id, channel: channel.optional(), error: z.string(), code: z.string(), message: z.string(),
    details: z.looseObject({}).optional(),
  }).describe('The members of the error body of HTTP. The connection stays open.'),
};

const CHANNELS: Readonly<Record<string, { readonly address: string; readonly description: string; readonly parameter?: string }>> = {
  streams: { address: '/ws', description: 'Subscribe to any number of channels.' },
  player: { address: '/ws/player/{playerId}', description: 'Subscribes to `player/{playerId}` at once.', parameter: 'playerId' },
  world: { address: '/ws/world/{serverId}', description: 'Subscribes to `world/server/{serverId}` at once.', parameter: 'serverId' },
  economy: { address: '/ws/economy/{serverId}', description: 'Subscribes to `economy/server/{serverId}` at once.', parameter: 'serverId' },
  combat: { address: '/ws/combat/{sessionId}', description: 'Subscribes to `combat/session/{sessionId}` at once.', parameter: 'sessionId' },
};

const DESCRIPTION = `Snapshots and every change, in order and once.

A token comes in the header \`Authorization: Bearer\`, as the subprotocol \`bearer.{token}\` beside \`gss.v1\`, or as \`?ticket=\` from
\`POST /api/v1/stream/tickets\`. Channels to subscribe to: \`{type}/{id}\`, \`{type}/*\`, \`server/{serverId}\`,
\`{type}/server/{serverId}\`, \`{type}/session/{sessionId}\`, each by what the token may read, and \`operations/{id}\` for roles that operate:
it has no past, so a cursor is taken and means nothing there.

Closing codes: ${CLOSE.binary} not text, ${CLOSE.restart} restart (the reason is \`{"retryAfterMs":n}\`), ${CLOSE.token} token expired or revoked,
${CLOSE.tooSlow} too slow, ${CLOSE.tooMany} too many messages.

The same messages come as Server-Sent Events from \`GET /api/v1/stream?channel=\`.`;

/** The AsyncAPI 3.0 document of the streams; committed as `asyncapi.json`. */
export function describeStreams(version: string): Json {
  const requests = Object.entries(requestSchemas).map(([name, schema]) => [name, messageOf(schema)] as const);
  const responses = Object.entries(RESPONSES).map(([name, schema]) => [name, messageOf(schema)] as const);
  const messages = Object.fromEntries([...requests, ...responses]);
  const refs = (names: readonly string[], from: string) => names.map((name) => ({ $ref: `${from}/${name}` }));
  const names = Object.keys(messages);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Global State Service streams', version, description: DESCRIPTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: { local: { host: 'localhost:8087', protocol: 'ws', security: [{ $ref: '#/components/securitySchemes/bearer' }] } },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(Object.entries(CHANNELS).map(([name, { address, description, parameter }]) => [name, {
      address, description,
      bindings: { ws: { query: schemaOf(parameter ? subscribeQuery : z.object({ ticket })), bindingVersion: '0.1.0' } },
      messages: Object.fromEntries(names.map((message) => [message, { $ref: `#/components/messages/${message}` }])),
      ...(parameter && { parameters: { [parameter]: {} } }),
    }])),
    operations: Object.fromEntries(Object.keys(CHANNELS).flatMap((name) => [
      [`${name}Requests`, {
        action: 'receive', channel: { $ref: `#/channels/${name}` },
        messages: refs(requests.map(([request]) => request), `#/channels/${name}/messages`),
      }],
      [`${name}Messages`, {
        action: 'send', channel: { $ref: `#/channels/${name}` },
        messages: refs(responses.map(([response]) => response), `#/channels/${name}/messages`),
      }],
    ])),
    components: { messages, securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
  };
}

function messageOf(schema: z.ZodType): Json {
  const { description, ...payload } = schemaOf(schema);
  return { ...(description !== undefined && { description }), payload };
}

function schemaOf(schema: z.ZodType): Json {
  const { $schema: _schema, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-7', io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.type === 'boolean') delete jsonSchema.enum; // of a query, where true and false are words
    },
  }) as Json;
  return rest;
}
