import type { RedisConnection } from './redis-connection.js';

/** A count is of use for its minute and a little longer, for instances whose clocks differ. In ms. */
const KEPT_MS = 120_000;

/** Adds up counts over all instances. @returns the totals, this instance's among them. Rejects while Redis is away. */
export function sharedCounts(redis: RedisConnection): {
  add(window: string, deltas: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>>;
} {
  return {
    add: async (window, deltas) => new Map(await Promise.all([...deltas].map(async ([subject, delta]) =>
      [subject, await redis.add(`gss:count:${window}:${subject}`, delta, KEPT_MS)] as const))),
  };
}
