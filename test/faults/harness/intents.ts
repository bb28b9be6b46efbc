import { randomUUID } from 'node:crypto';
import type { Aggregate, ClientLog, WantedEvent } from './client-log.js';
import type { Random } from './random.js';

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** It was given before. */
  readonly replayed: boolean;
}

/** Something a client is set on, to be sent until it has an answer. Sending it again must not do it again. */
export interface Intent {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Takes the answer in. `wrong` for one that the service must not give. */
  settle(answer: Answer): 'settled' | 'in doubt' | 'wrong';
}

export interface Making {
  readonly log: ClientLog;
  readonly random: Random;
  /** A tag that was not given before. */
  readonly tag: () => string;
  /** Of reads: where several instances answer, only what is read from the database is as new as what another one wrote. */
  readonly readHeaders?: Readonly<Record<string, string>>;
}

/** A published event: its id is what makes it safe to send again. */
export function publish(aggregate: Aggregate, making: Making): Intent {
  const event = published(aggregate, making);
  return {
    method: 'POST', path: '/api/v1/events', headers: { 'content-type': 'application/json' },
    body: JSON.stringify(event.body),
    settle: ({ status, body }) => {
      if (status !== 201 || body.eventId !== event.wanted.eventId) return 'wrong';
      making.log.acknowledge(event.wanted, Number(body.eventVersion));
      return 'settled';
    },
  };
}

/** Several events in one request, also of one aggregate; each has its own answer. With a key in half of the cases. */
export function batch(aggregates: readonly Aggregate[], making: Making): Intent {
  const keyed = making.random.chance(0.5);
  const events = aggregates.map((aggregate) => published(aggregate, making, keyed));
  return {
    method: 'POST', path: '/api/v1/events/batch',
    headers: { 'content-type': 'application/json', ...(keyed ? { 'idempotency-key': randomUUID() } : {}) },
    body: JSON.stringify({ events: events.map((event) => event.body) }),
    settle: ({ status, body }) => {
      const results = body.results;
      if (status !== 200 || !Array.isArray(results) || results.length !== events.length) return 'wrong';
      const items = results as readonly Readonly<Record<string, unknown>>[];
      const settled = events.map(({ wanted }, i) => settleItem(wanted, items[i]!, making.log));
      if (settled.includes('wrong')) return 'wrong';
      return settled.includes('in doubt') ? 'in doubt' : 'settled';
    },
  };
}

function settleItem(
  wanted: WantedEvent, result: Readonly<Record<string, unknown>>, log: ClientLog,
): 'settled' | 'in doubt' | 'wrong' {
  if (result.code === '503') return 'in doubt';
  if (result.code !== '201' || result.eventId !== wanted.eventId) return 'wrong';
  log.acknowledge(wanted, Number(result.eventVersion));
  return 'settled';
}

function published(
  aggregate: Aggregate, { random, tag }: Making, keyed = false,
): { wanted: WantedEvent; body: object } {
  const wanted = {
    aggregate, eventType: 'LoadPublished', tag: tag(), eventId: randomUUID(),
    adds: { counter: 'published', by: random.whole(1, 9) }, keyed,
  };
  return {
    wanted,
    body: {
      eventId: wanted.eventId, eventType: wanted.eventType, aggregateType: aggregate.type, aggregateId: aggregate.id,
      eventData: additionOf(wanted.adds, wanted.tag),
    },
  };
}

/** An update of the newest version that is known; another client may be faster, and then only 409 is right. */
export function put(aggregate: Aggregate, making: Making): Intent {
  const { log, random } = making;
  const expectedVersion = log.newestOf(aggregate);
  const wanted = {
    aggregate, eventType: 'StateUpdated', tag: making.tag(), adds: { counter: 'updated', by: random.whole(1, 9) },
    keyed: true,
  };
  return {
    ...change('PUT', aggregate),
    body: JSON.stringify({ changes: additionOf(wanted.adds, wanted.tag), expectedVersion }),
    settle: ({ status, body }) => {
      const { currentVersion } = (body.details ?? {}) as { currentVersion?: number };
      if (status === 409 && currentVersion !== undefined && currentVersion > expectedVersion) {
        log.learn(aggregate, currentVersion);
        log.figures.conflicts += 1;
        return 'settled';
      }
      if (status !== 200 || body.newVersion !== expectedVersion + 1) return 'wrong';
      log.acknowledge(wanted, expectedVersion + 1);
      return 'settled';
    },
  };
}

/** An increment without a version, under a key. */
export function patch(aggregate: Aggregate, { log, random, tag }: Making): Intent {
  const wanted = {
    aggregate, eventType: 'StatePatched', tag: tag(), adds: { counter: 'patched', by: random.whole(1, 9) }, keyed: true,
  };
  return {
    ...change('PATCH', aggregate), body: JSON.stringify(additionOf(wanted.adds, wanted.tag)),
    settle: ({ status, body }) => {
      if (status !== 200) return 'wrong';
      log.acknowledge(wanted, Number(body.newVersion));
      return 'settled';
    },
  };
}

/** What was acknowledged before the question must be in the answer. */
export function read(aggregate: Aggregate, { log, readHeaders = {} }: Making): Intent {
  const known = log.newestOf(aggregate);
  return {
    method: 'GET', path: statePath(aggregate), headers: readHeaders,
    settle: ({ status, body }) => {
      if (status !== 200 || Number(body.version) < known) return 'wrong';
      log.figures.reads += 1;
      return 'settled';
    },
  };
}

/** A change of one aggregate under a key of its own. */
export function change(
  method: 'PUT' | 'PATCH' | 'DELETE', aggregate: Aggregate,
): Pick<Intent, 'method' | 'path' | 'headers'> {
  const type = { PUT: 'application/json', PATCH: 'application/merge-patch+json', DELETE: undefined }[method];
  return {
    method, path: statePath(aggregate),
    headers: { 'idempotency-key': randomUUID(), ...(type === undefined ? {} : { 'content-type': type }) },
  };
}

function statePath({ type, id }: Aggregate): string {
  return `/api/v1/state/${type}/${id}`;
}

function additionOf({ counter, by }: { counter: string; by: number }, tag: string): object {
  return { counts: { [counter]: { $inc: by } }, tag };
}
