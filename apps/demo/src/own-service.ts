import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { signToken } from '@app/auth';
import { DemoError } from './demo-error.js';

/** A service that runs for one demo only. */
export interface OwnService {
  readonly url: string;
  readonly token: string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const TOKEN_SECONDS = 3600;

/**
 * Starts a service on a temporary folder and a free port. It gets nothing of our environment: a DATABASE_URL there is
 * not for it.
 * @param program the built service
 * @param signal ends it, also while it starts
 * @throws DemoError with what it said, if it does not come up
 */
export async function startOwnService(program: string, signal?: AbortSignal): Promise<OwnService> {
  const folder = await mkdtemp(join(tmpdir(), 'gss-demo-'));
  const child = spawn(process.execPath, [program], {
    env: { PORT: '0', DATA_DIR: folder, LOG_LEVEL: 'warn', RATE_LIMIT_PER_MINUTE: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C at the terminal is for us; it gets our word
  });
  const exited = once(child, 'exit');
  const end = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  let ending: Promise<void> | undefined; // a second signal would cut its shutdown short
  const stop = (): Promise<void> => (ending ??= end());
  signal?.addEventListener('abort', () => void stop(), { once: true });
  const complaint = lastWords(child.stderr);
  try {
    const url = await Promise.race([listens(child.stdout), exited.then(() => undefined)]);
    if (url === undefined) throw new DemoError(`The service ended before it was up: ${complaint()}`);
    return { url, token: await localToken(folder), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A token for a service with this data folder, signed with the secret that it made there. */
export async function localToken(dataDir: string): Promise<string> {
  const secret = (await readFile(join(dataDir, 'jwt-secret'), 'utf8')).trim();
  return signToken(secret, { sub: 'demo', roles: ['service'] }, TOKEN_SECONDS);
}

/** What it said last, in one line. Also keeps the pipe from filling up. */
function lastWords(stream: Readable): () => string {
  let said = '';
  stream.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-1000)));
  return () => said.trim().replaceAll(/\s*\n\s*/g, '; ');
}

/** Where it listens: its first line says so. */
async function listens(stream: Readable): Promise<string> {
  let said = '';
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-1000);
      const url = /listens on (http:\/\/\S+)/.exec(said)?.[1];
      if (url) resolve(url);
    });
  });
}
