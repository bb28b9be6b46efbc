import type { RedisConnection } from './redis-connection.js';
import { script } from './scripts.js';

/** A count is of use for its minute and a little longer, for instances whose clocks differ. In ms. */
const KEPT_MS = 120_000;
/** Subjects of one call. It takes Redis about 0.5 ms, in which it does nothing for the cache. */
const AT_ONCE = 500;

/** ARGV: ttl in ms, then subjects, each with what to add. Returns their totals. The key gets its end with every call: none can be lost. */
const COUNT = script(`
  local totals = {}
  for i = 2, #ARGV, 2 do totals[i / 2] = redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  return totals`);

/**
 * Adds up counts over all instances, a minute in one hash. The calls follow one another: all at once, they would fill the connection
 * that the cache uses. @returns the totals, this instance's among them. Rejects while Redis is away.
 */
export function sharedCounts(redis: RedisConnection): {
  add(window: string, deltas: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>>;
} {
  return {
    add: async (window, deltas) => {
      const counts = [...deltas];
      const totals = new Map<string, number>();
      for (let from = 0; from < counts.length; from += AT_ONCE) {
        const some = counts.slice(from, from + AT_ONCE);
        const added = await redis.evaluate(COUNT, `gss:count:${window}`, KEPT_MS, ...some.flat()) as number[];
        some.forEach(([subject], i) => totals.set(subject, added[i]!));
      }
      return totals;
    },
  };
}
