import { randomUUID } from 'node:crypto';
import { generateSecret, type Role, signToken } from '@app/auth';
import { createTestDatabase, type TestDatabase } from '@app/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from '../../../apps/state-service/src/app.js';
import { readConfig } from '../../../apps/state-service/src/config.js';
import { Lifecycle } from '../../../apps/state-service/src/lifecycle.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // What a client sees: the specs say what they expect of it.
  readonly body: Record<string, unknown>;
  readonly text: string;
}

export interface Ask {
  readonly body?: unknown;
  /** The body's bytes as they are, in place of `body`. */
  readonly raw?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: a token of the role `service`; `null` sends none. */
  readonly token?: string | null;
}

/** The whole application on a database of its own, listening on a free port of this machine. */
export interface Service {
  readonly url: string;
  readonly app: NestFastifyApplication;
  readonly db: TestDatabase;
  readonly lifecycle: Lifecycle;
  readonly secret: string;
  token(role: Role | readonly Role[], claims?: object): string;
  ask(method: string, path: string, ask?: Ask): Promise<Answer>;
  stop(): Promise<void>;
}

export async function startService(env: Readonly<Record<string, string>> = {}): Promise<Service> {
  const db = await createTestDatabase();
  const secret = generateSecret();
  const config = readConfig({ LOG_LEVEL: 'silent', DATABASE_URL: db.url, JWT_SECRET: secret, PORT: '0', ...env });
  const lifecycle = new Lifecycle();
  const app = await createApp({ ...config, databaseUrl: db.url, jwtKey: { kind: 'secret', secret } }, lifecycle);
  await app.listen(0, '127.0.0.1');
  lifecycle.phase = 'ready';
  const url = await app.getUrl();
  const token = (role: Role | readonly Role[], claims: object = {}): string =>
    signToken(secret, { sub: 'spec', roles: [role].flat(), ...claims }, 600);
  const usual = token('service');
  return {
    url, app, db, lifecycle, secret, token,
    ask: (method, path, ask) => send(`${url}${path}`, method, { token: usual, ...ask }),
    stop: async () => {
      await app.close();
      await db.drop();
    },
  };
}

async function send(url: string, method: string, { body, raw, headers, token }: Ask): Promise<Answer> {
  const response = await fetch(url, {
    method,
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    headers: {
      ...(raw === undefined && body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...headers,
    },
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, text, body: isJson && text ? JSON.parse(text) : {} };
}

/** A path of a fresh aggregate. */
export function fresh(type = 'player'): { id: string; state: string; events: string } {
  const id = randomUUID();
  return { id, state: `/api/v1/state/${type}/${id}`, events: `/api/v1/events/${type}/${id}` };
}
