const BOUNDS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5];

/** What the streams did since the start, in plain numbers for whoever reads them. */
export class StreamFigures {
  connections = 0;
  subscriptions = 0;
  messages = 0;
  bytes = 0;
  /** Bytes that wait because their readers are slow. */
  queuedBytes = 0;
  coalesced = 0;
  resyncs = 0;
  readonly closes = new Map<number, number>();
  /** From commit to the write to the sockets, by upper bound in seconds; the last is for what took longer. */
  readonly fanOut = { bounds: BOUNDS_S, buckets: new Float64Array(BOUNDS_S.length + 1), sum: 0 };

  closed(code: number): void {
    this.closes.set(code, (this.closes.get(code) ?? 0) + 1);
  }

  /** A change reached its sockets. The database's clock says when it was committed, so this may be off by its difference. */
  fannedOut(committedAtMs: number): void {
    const seconds = Math.max(0, Date.now() - committedAtMs) / 1000;
    let bucket = 0;
    while (bucket < BOUNDS_S.length && seconds > BOUNDS_S[bucket]!) bucket += 1;
    this.fanOut.buckets[bucket]! += 1;
    this.fanOut.sum += seconds;
  }
}
