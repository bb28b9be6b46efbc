/** Where the process stands between start and end; the probes tell it. */
export class Lifecycle {
  phase: 'starting' | 'ready' | 'draining' = 'starting';

  /** @param startedAt in ms since 1970; a worker's is that of its primary */
  constructor(readonly startedAt = Date.now()) {}
}
