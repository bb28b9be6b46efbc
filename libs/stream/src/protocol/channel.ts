import { AGGREGATE_TYPES, type AggregateType, type StoredEvent } from '@app/kernel';

/** What a channel carries: the events that all of its fields fit. */
export interface Channel {
  /** As clients name it. */
  readonly name: string;
  readonly type?: AggregateType;
  readonly id?: string;
  readonly serverId?: string;
  readonly sessionId?: string;
  /** It carries no events but what becomes of this operation. */
  readonly operationId?: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MAX_NAME = 300;

/**
 * Reads a channel's name: `{type}/{id}`, `{type}/*`, `server/{serverId}`, `{type}/server/{serverId}`,
 * `{type}/session/{sessionId}`, `operations/{id}`. Ids come back in lower case. `undefined` for anything else.
 */
export function parseChannel(text: string): Channel | undefined {
  if (text.length > MAX_NAME) return undefined;
  const [head = '', second, ...more] = text.split('/');
  // A server's id is any text, slashes too.
  if (head === 'server') return second === undefined ? undefined : ofServer([second, ...more].join('/'));
  if (head === 'operations') return more.length === 0 ? ofOperation(second ?? '') : undefined;
  if (!isAggregateType(head) || second === undefined) return undefined;
  if (more.length === 0) return second === '*' ? { name: text, type: head } : ofAggregate(head, second);
  const rest = more.join('/');
  if (second === 'server') return ofServer(rest, head);
  if (second === 'session' && UUID.test(rest)) {
    const sessionId = rest.toLowerCase();
    return { name: `${head}/session/${sessionId}`, type: head, sessionId };
  }
  return undefined;
}

function ofAggregate(type: AggregateType, given: string): Channel | undefined {
  if (!UUID.test(given)) return undefined;
  const id = given.toLowerCase();
  return { name: `${type}/${id}`, type, id };
}

function ofOperation(given: string): Channel | undefined {
  if (!UUID.test(given)) return undefined;
  const operationId = given.toLowerCase();
  return { name: `operations/${operationId}`, operationId };
}

function ofServer(serverId: string, type?: AggregateType): Channel | undefined {
  if (serverId === '') return undefined;
  return type ? { name: `${type}/server/${serverId}`, type, serverId } : { name: `server/${serverId}`, serverId };
}

/** The names of the channels that carry an event. */
export function channelsOf({ ref: { type, id }, context: { serverId, sessionId } }: StoredEvent): string[] {
  const names = [`${type}/${id}`, `${type}/*`];
  if (serverId !== undefined) names.push(`server/${serverId}`, `${type}/server/${serverId}`);
  if (sessionId !== undefined) names.push(`${type}/session/${sessionId}`);
  return names;
}

export function isAggregateType(text: string): text is AggregateType {
  return (AGGREGATE_TYPES as readonly string[]).includes(text);
}
