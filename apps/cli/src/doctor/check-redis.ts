import { createClient } from '@redis/client';
import { type Check, messageOf, ok, warn } from './check.js';

const WITHIN_MS = 3_000;

/** Each Redis that is named. Without it the service works, so it is never worse than a warning. */
export async function checkRedis(urls: string | undefined): Promise<Check[]> {
  if (!urls) return [ok('redis', 'none is set: instances share no cache')];
  return Promise.all(urls.split(',').map(checkOne));
}

async function checkOne(url: string): Promise<Check> {
  const place = url.replace(/^(\w+:\/\/)[^@/]*@/, '$1');
  try {
    const client = createClient({ url, socket: { connectTimeout: WITHIN_MS, reconnectStrategy: false }, disableOfflineQueue: true });
    client.on('error', () => undefined); // whoever waits for an answer gets it
    await client.connect();
    const begun = performance.now();
    await client.ping();
    const took = performance.now() - begun;
    await client.disconnect();
    return ok('redis', `${place} answers in ${took.toFixed(1)} ms`);
  } catch (error) {
    return warn('redis', `${place} does not answer: ${messageOf(error)}`, 'start it, or correct or unset REDIS_URL; until then nothing is shared between instances');
  }
}
