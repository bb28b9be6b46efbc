import { randomUUID } from 'node:crypto';
import { createApp } from '../../../apps/state-service/src/app.js';
import { readConfig } from '../../../apps/state-service/src/config.js';
import { Lifecycle } from '../../../apps/state-service/src/lifecycle.js';
import type { Told } from './inbox.js';
import type { Service } from './service.js';
import type { WebSocketClient } from './web-socket-client.js';

export interface Written {
  readonly eventId: string;
  readonly eventVersion: number;
  /** Where the log stood after it; a cursor. */
  readonly cursor: string;
}

/** An event that a spec publishes; the id is a fresh one and the type `player` unless given. */
export interface Wanted {
  readonly aggregateType?: string;
  readonly aggregateId?: string;
  readonly eventType?: string;
  readonly eventData?: object;
  readonly serverId?: string;
  readonly sessionId?: string;
}

function bodyOf({ aggregateType = 'player', aggregateId = randomUUID(), eventType = 'Noted', eventData = { n: 1 }, ...more }: Wanted): object {
  return { eventType, aggregateType, aggregateId, eventData, ...more };
}

export async function publish(service: Pick<Service, 'ask'>, wanted: Wanted): Promise<Written> {
  const { status, body, headers, text } = await service.ask('POST', '/api/v1/events', { body: bodyOf(wanted) });
  if (status !== 201) throw new Error(`not published: ${status} ${text}`);
  return { ...body as unknown as Omit<Written, 'cursor'>, cursor: headers.get('x-position')! };
}

/** Several in one request, which are appended together as far as they fit. */
export async function publishAll(service: Pick<Service, 'ask'>, wanted: readonly Wanted[]): Promise<void> {
  const { status, body, text } = await service.ask('POST', '/api/v1/events/batch', { body: { events: wanted.map(bodyOf) } });
  if (status !== 200 || body['refused'] !== 0) throw new Error(`not published: ${status} ${text.slice(0, 500)}`);
}

export interface Twin {
  readonly url: string;
  stop(): Promise<void>;
}

/** Another instance of the service on the same database, with the same secret. */
export async function startTwin({ db, secret }: Service, env: Readonly<Record<string, string>> = {}): Promise<Twin> {
  const config = readConfig({ LOG_LEVEL: 'silent', DATABASE_URL: db.url, JWT_SECRET: secret, PORT: '0', ...env });
  const lifecycle = new Lifecycle();
  const app = await createApp({ ...config, databaseUrl: db.url, jwtKey: { kind: 'secret', secret } }, lifecycle);
  await app.listen(0, '127.0.0.1');
  lifecycle.phase = 'ready';
  return { url: await app.getUrl(), stop: () => app.close() };
}

/** A value among the metrics; 0 where there is none. */
export async function metric(service: Pick<Service, 'ask'>, name: string): Promise<number> {
  const { text } = await service.ask('GET', '/metrics', { token: null });
  const line = text.split('\n').find((each) => each.startsWith(`gss_${name} `));
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1));
}

/**
 * Waits until a client was told of all that was written before: a change that comes later in the log has come. Resolves with
 * what came until then. Not for who listens to all of `economy`.
 */
export async function settle(service: Pick<Service, 'ask'>, client: WebSocketClient): Promise<Told[]> {
  const sessionId = randomUUID();
  const channel = `economy/session/${sessionId}`;
  client.say({ action: 'subscribe', channel });
  const told: Told[] = [];
  const upTo = async (messageType: string): Promise<void> => {
    do told.push(await client.next()); while (told.at(-1)!.channel !== channel || told.at(-1)!.messageType !== messageType);
  };
  await upTo('LIVE');
  await publish(service, { aggregateType: 'economy', sessionId });
  await upTo('STATE_CHANGED');
  client.say({ action: 'unsubscribe', channel });
  await upTo('UNSUBSCRIBED');
  return told.filter((each) => each.channel !== channel);
}
