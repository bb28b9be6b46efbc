import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Role, signToken } from '@app/auth';
import { request } from 'undici';
import { codeOf, killAllPostgres, told } from './kill.js';

const PROGRAM = join(__dirname, '../../../dist/apps/state-service/src/main.js');
const UP_WITHIN_MS = 60_000;
const NOWHERE = 'http://127.0.0.1:1';

export interface ServiceSettings {
  /** Beside, or in place of, what every one is started with. */
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of Node, before the program. */
  readonly nodeArgs?: readonly string[];
  /** Signs the tokens. One of its own unless given. */
  readonly secret?: string;
}

/** The built service as a process of its own, on a folder that outlives it. */
export class ServiceProcess {
  /** Where it listens, or did last; where nobody ever does once it is gone, since its port may be somebody else's then. */
  url = '';
  /** Set when it ended without our doing. */
  endedByItself: string | undefined;
  readonly token: string;
  private child: ChildProcess | undefined;
  private said = '';

  private readonly secret: string;

  private constructor(readonly dataDir: string, private readonly settings: ServiceSettings) {
    this.secret = settings.secret ?? randomBytes(32).toString('hex');
    this.token = this.tokenOf('service');
  }

  tokenOf(role: Role, sub = 'faults'): string {
    return signToken(this.secret, { sub, roles: [role] }, 3600);
  }

  /** Starts it on a new temporary folder. */
  static async start(settings: ServiceSettings = {}): Promise<ServiceProcess> {
    const service = new ServiceProcess(await mkdtemp(join(tmpdir(), 'gss-faults-')), settings);
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
    const { nodeArgs = [], env = {} } = this.settings;
    const child = spawn(process.execPath, [...nodeArgs, PROGRAM], {
      env: {
        PORT: '0', DATA_DIR: this.dataDir, JWT_SECRET: this.secret, LOG_LEVEL: 'error', RATE_LIMIT_PER_MINUTE: '0', ...env,
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

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** What it keeps in memory, in bytes; 0 while it does not run. */
  get residentBytes(): number {
    if (this.child?.pid === undefined) return 0;
    return Number(/VmRSS:\s+(\d+) kB/.exec(told(this.child.pid, 'status'))?.[1] ?? 0) * 1024;
  }

  /** Sum of a counter of its metrics. */
  async counted(name: string): Promise<number> {
    const { body } = await request(`${this.url}/metrics`); // on connections of its own: not behind reads that wait
    const lines = (await body.text()).split('\n').filter((line) => line.startsWith(`gss_${name}`));
    if (lines.length === 0) throw new Error(`there is no metric ${name}`);
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
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
    const [code] = await exited;
    this.url = NOWHERE;
    return code;
  }
}
