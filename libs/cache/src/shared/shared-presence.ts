import { randomUUID } from 'node:crypto';
import type { RedisConnection } from './redis-connection.js';

/** Who was not named again for this long is gone. Three exchanges may fail before that. In ms. */
const GONE_AFTER_MS = 4_000;

/** Tells other instances who is here, and learns who is there. Rejects while Redis is away. */
export function sharedPresence(redis: RedisConnection): {
  exchange(here: ReadonlyMap<string, readonly string[]>): Promise<ReadonlyMap<string, readonly string[]>>;
} {
  const instance = `${randomUUID()} `;
  return {
    exchange: async (here) => new Map(await Promise.all([...here].map(async ([channel, subjects]) => {
      const members = subjects.map((subject) => instance + subject);
      const all = await redis.gather(`gss:presence:${channel}`, members, { prefix: instance, ttlMs: GONE_AFTER_MS });
      return [channel, all.filter((member) => !member.startsWith(instance)).map((member) => member.slice(instance.length))] as const;
    }))),
  };
}
