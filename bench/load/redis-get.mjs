// GETs of the client library that the service's second cache layer uses.
import { createClient } from '@redis/client';
import { drive } from '../lib/drive.mjs';

/** @param {{ url: string, value: string, keys: number }} options */
export async function open({ url, value, keys }) {
  const client = createClient({ url });
  client.on('error', (error) => process.stderr.write(`redis: ${error.message}\n`));
  await client.connect();
  const names = Array.from({ length: keys }, (_, i) => `bench:${i}`);
  await Promise.all(names.map((name) => client.set(name, value)));
  let next = 0;
  return {
    get: ({ inFlight, seconds }) => drive({
      inFlight, seconds, one: async () => {
        const found = await client.get(names[next++ % keys]);
        if (found?.length !== value.length) throw new Error('Redis has lost a value');
      },
    }),
  };
}
