import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const PROGRAMS = join(__dirname, '../../../dist/apps/state-service/src');

/** A program of the service as a process of its own, with these variables and no others. */
export class Program {
  output = '';
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(name: 'main' | 'token', env: Readonly<Record<string, string>>, args: readonly string[] = []) {
    this.child = spawn(process.execPath, [join(PROGRAMS, `${name}.js`), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    // Not at its exit: what it said last may still be on the way then.
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** Where it listens, once it says so. */
  async listening(): Promise<string> {
    for (;;) {
      const url = /listens on (http:\S+)/.exec(this.output)?.[1];
      if (url) return url;
      const code = await Promise.race([this.ended, once(this.child.stdout!, 'data').then(() => 'said' as const)]);
      if (code !== 'said') throw new Error(`ended with ${code}: ${this.output}`);
    }
  }

  get pid(): number {
    return this.child.pid!;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }
}
