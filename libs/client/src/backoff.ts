/** The least and the most that exponential backoff waits before full jitter, in milliseconds. */
export interface BackoffRange {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * Exponential backoff with full jitter: anything up to the doubled time, so that clients that failed together do not return
 * together (Marc Brooker, "Exponential Backoff And Jitter").
 * @param attempt 0 for the first wait
 */
export function fullJitter(attempt: number, { minMs, maxMs }: BackoffRange): number {
  return Math.random() * Math.min(maxMs, minMs * 2 ** attempt);
}

/** Resolves after a time; rejects with the signal's reason as soon as it is aborted. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const aborted = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    }, ms);
    signal?.addEventListener('abort', aborted, { once: true });
  });
}
