import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type JsonObject } from '@app/kernel';
import type { FastifyRequest } from 'fastify';
import type { AuditKind, AuditTarget, Note } from '../entry.js';
import { fingerprint, redact, shorten } from '../redact.js';

/** By the first word of a route behind the version; what else operators do is administration. */
const KINDS: Readonly<Record<string, Note['kind']>> = {
  rollbacks: 'rollback', operations: 'operation', 'dead-letters': 'operation', projections: 'operation',
};
const ID = /^[\w-]{1,64}$/;
/** Names of ids that an answer may give to what was made. */
const MADE = /^(id|\w+Id)$/;
const MAX_ACTOR = 255;

/** What an operator's route is about. */
export function kindOf(route: string): Exclude<AuditKind, 'command'> {
  return KINDS[/^\/api\/v\d+\/([^/]+)/.exec(route)?.[1] ?? ''] ?? 'administration';
}

/** What there is to say of any request: who asked what, from where. */
export function noteOf(request: FastifyRequest, action: string): Omit<Note, 'kind'> {
  const { user, trace, id, ip } = request;
  const target = targetOf(request.params);
  const parameters = parametersOf(request);
  return {
    action, requestId: id, address: ip,
    ...(user && { actor: shorten(user.subject, MAX_ACTOR) }), ...(trace && { traceId: trace.traceId }),
    ...(target && { target }), ...(parameters && { parameters }),
  };
}

/** The ids among the parameters of a route, or the fields of an item: type and id of an aggregate, or what else has one. */
export function targetOf(named: unknown): AuditTarget | undefined {
  if (!isJsonObject(named)) return undefined;
  const ids = Object.entries(named).filter((entry): entry is [string, string] =>
    typeof entry[1] === 'string' && (entry[0] === 'aggregateType' || MADE.test(entry[0])));
  if (ids.length === 0) return undefined;
  return Object.fromEntries(ids.map(([name, id]) => [name, (ID.test(id) ? id : shorten(id)).toLowerCase()]));
}

/** The ids in a JSON answer: a rollback's, an operation's. */
export function madeBy(payload: unknown): AuditTarget | undefined {
  if (typeof payload !== 'string' || !payload.startsWith('{')) return undefined;
  const body = JSON.parse(payload) as JsonObject;
  return targetOf(Object.fromEntries(Object.entries(body).filter(([name]) => MADE.test(name) && !/token/i.test(name))));
}

/** Of the token that came, enough to tell it from others. */
export function credentialOf({ authorization, 'sec-websocket-protocol': protocols = '' }: IncomingHttpHeaders): JsonObject {
  const token = /^bearer +(\S+)/i.exec(authorization ?? '')?.[1] ?? /(?:^|[ ,])bearer\.([^ ,]+)/.exec(protocols)?.[1];
  return token === undefined ? {} : { credential: fingerprint(token) };
}

function parametersOf({ query, body, raw }: FastifyRequest): JsonObject | undefined {
  const said: JsonObject = {
    ...(isJsonObject(query) && Object.keys(query).length > 0 && { query }),
    ...(body !== raw && isBody(body) && { body }), // an upload that is streamed is not held
  };
  return Object.keys(said).length === 0 ? undefined : redact(said);
}

function isBody(body: unknown): body is JsonObject {
  return typeof body === 'object' && body !== null;
}
