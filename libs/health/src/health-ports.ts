import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { Check } from './probe.js';

/** `starting` until it can serve, `draining` from the signal to stop until the end. It never goes back. */
export type Lifecycle = 'starting' | 'ready' | 'draining';

/** What health asks of the service; the application binds it. */
export interface HealthPorts {
  /** Of the service, as its package has it. */
  readonly version: string;
  /** When the process began; a number is milliseconds since 1970. */
  readonly startedAt: Date | number;
  /**
   * One cheap round trip to the database; throws when it is down. It should end, one way or the other, when the signal
   * is aborted, which is after 1 s. Until it has ended it is not called again, except that one which still hangs after
   * 10 s is given up.
   */
  readonly database: (signal: AbortSignal) => Promise<void>;
  /** Open sockets, HTTP and WebSocket, of the whole instance. */
  readonly activeConnections: () => number | Promise<number>;
  readonly lifecycle: () => Lifecycle;
  /** Hits over reads, 0 to 1; undefined while there is no cache, or nothing was read. */
  readonly cacheHitRate?: () => number | undefined;
  /**
   * More to check, by name, under the same rules as `database`. One that is `down`, or throws, makes the service
   * unhealthy and unready; what the service can do without says `degraded`.
   */
  readonly extra?: Readonly<Record<string, Check>>;
}

export const { ConfigurableModuleClass: HealthModuleBase, MODULE_OPTIONS_TOKEN: HEALTH_PORTS } =
  new ConfigurableModuleBuilder<HealthPorts>({ moduleName: 'Health' }).build();
