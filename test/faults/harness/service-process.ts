import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signToken } from '@app/auth';
import { codeOf, killAllPostgres } from './kill.js';

const PROGRAM = join(__dirname, '../../../dist/apps/state-service/src/main.js');
const UP_WITHIN_MS = 60_000;

/** The built service as a process of its own, on a folder that outlives it. */
export class ServiceProcess {
  /** Where it listens, or did last. */
  url = '';
  /** Set when it ended without our doing. */
  endedByItself: string | undefined;
  readonly token: string;
  private child: ChildProcess | undefined;
  private said = '';

  private constructor(readonly dataDir: string, private readonly secret: string) {
    this.token = signToken(secret, { sub: 'faults', roles: ['service'] }, 3600);
  }

  /** Starts it on a new temporary folder. */
  static async start(): Promise<ServiceProcess> {
    const service = new ServiceProcess(await mkdtemp(join(tmpdir(), 'gss-faults-')), randomBytes(32).toString('hex'));
    try {
      await service.start();
    } catch (error) {
      await service.remove();
      throw error;
    }
    return service;
  }

  /** Starts it on the data that are there; resolves when it listens. */
  async start(): Promise<void> {
    this.said = '';
    const child = spawn(process.execPath, [PROGRAM], {
      env: {
        PORT: '0', DATA_DIR: this.dataDir, JWT_SECRET: this.secret, LOG_LEVEL: 'error', RATE_LIMIT_PER_MINUTE: '0',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    child.once('exit', (code, signal) => {
      if (this.child === child) this.endedByItself = `code ${code}, signal ${signal}; it said: ${this.said}`;
    });
    let late: NodeJS.Timeout | undefined;
    this.url = await new Promise<string>((resolve, reject) => {
      late = setTimeout(() => reject(new Error(`the service is not up; it said: ${this.said}`)), UP_WITHIN_MS);
      const hear = (chunk: Buffer): void => {
        this.said = (this.said + chunk.toString()).slice(-8000);
        const url = /listens on (http:\/\/\S+)/.exec(this.said)?.[1];
        if (url) resolve(url);
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', () => reject(new Error(`the service ended before it was up; it said: ${this.said}`)));
    }).finally(() => clearTimeout(late));
  }

  /** What it said last: to explain a failure. */
  get lastWords(): string {
    return this.said;
  }

  /** SIGKILL; resolves when the process is gone. Its PostgreSQL runs on. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(): Promise<number | null> {
    return this.end('SIGTERM');
  }

  /** Ends what is left of it and removes its data. */
  async remove(): Promise<void> {
    await this.stop();
    try {
      killAllPostgres(this.dataDir);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    return (await exited)[0];
  }
}
