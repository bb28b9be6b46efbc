import { join } from 'node:path';
import { request } from 'undici';
import type { Asked } from './command-line.js';
import { DemoError } from './demo-error.js';
import { localToken, startOwnService } from './own-service.js';
import { nobodyAt } from './service-client.js';

const ANSWER_WITHIN_MS = 5000;

/** The service that a run talks to. */
export interface Target {
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

type Wanted = Pick<Asked, 'url' | 'port' | 'token' | 'dataDir'>;

/** How one of our own is started. */
export interface OwnOptions {
  /** The built service. */
  readonly program: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * The service that was named; else the one at the default address; else one of our own.
 * @throws DemoError if the named one does not answer, or there is no token for it
 */
export async function findTarget(wanted: Wanted, own: OwnOptions): Promise<Target> {
  const url = wanted.url ?? `http://127.0.0.1:${wanted.port}`;
  const absence = await lookFor(url);
  if (!absence) return { url, token: wanted.token ?? await tokenFor(url, wanted.dataDir), stop: async () => undefined };
  if (wanted.url !== undefined) throw absence;
  own.say(`No service answers at ${url}: one is started for this run, on a temporary folder`);
  return startOwnService(own.program, own.signal);
}

/** Why there is no service, or `undefined` if one answers, be it that it is not ready yet. */
async function lookFor(url: string): Promise<DemoError | undefined> {
  try {
    const response = await request(`${url}/api/v1/health`, {
      headersTimeout: ANSWER_WITHIN_MS, bodyTimeout: ANSWER_WITHIN_MS,
    });
    const body = await response.body.json();
    const isOurs = typeof body === 'object' && body !== null && ('uptime' in body || response.statusCode === 503);
    return isOurs ? undefined : strangerAt(url);
  } catch (error) {
    return error instanceof SyntaxError ? strangerAt(url) : nobodyAt(url, error);
  }
}

function strangerAt(url: string): DemoError {
  return new DemoError(`What answers at ${url} is not this service: correct --url`);
}

async function tokenFor(url: string, dataDir: string): Promise<string> {
  try {
    return await localToken(dataDir);
  } catch {
    const secret = join(dataDir, 'jwt-secret');
    throw new DemoError(`A service answers at ${url}, but ${secret} cannot be read: give a token with --token`);
  }
}
