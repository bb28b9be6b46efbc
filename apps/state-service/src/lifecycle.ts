/** Where the process stands between start and end; the probes tell it. */
export class Lifecycle {
  readonly startedAt = Date.now();
  phase: 'starting' | 'ready' | 'draining' = 'starting';
}
