import type { Lifecycle } from '../lifecycle.js';

/** After this the process ends by force, acknowledged or not: what is not acknowledged is not promised. */
const SHUTDOWN_LIMIT_MS = 9_500;

/** Ends the process with one line that says why. */
export function fail(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

/** Unready at once, answer what is in flight, flush, close; PostgreSQL goes last. A second signal ends it by force. */
export function stopOnSignals(lifecycle: Lifecycle, shutDown: () => Promise<void>): void {
  const stop = (): void => {
    if (lifecycle.phase === 'draining') process.exit(1);
    lifecycle.phase = 'draining';
    setTimeout(() => fail('The shutdown took too long and was cut'), SHUTDOWN_LIMIT_MS).unref();
    shutDown().then(() => process.exit(0), (error: unknown) => fail(`The shutdown failed: ${String(error)}`));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
