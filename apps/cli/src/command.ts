import type { Environment } from './environment.js';
import type { Given } from './given.js';
import type { Output } from './output.js';
import type { Service } from './service.js';
import type { Signature } from './signature.js';

/** What a command works with. */
export interface Context {
  readonly environment: Environment;
  readonly output: Output;
  /** The running service; nothing is opened until it is asked something. */
  readonly service: Service;
}

/** How it ended: 1 is a finding, or a refusal of the service. What could not run throws. */
export type ExitCode = 0 | 1;

/** One command, and what it does. */
export interface Command extends Signature {
  readonly run: (given: Given, context: Context) => Promise<ExitCode>;
}
