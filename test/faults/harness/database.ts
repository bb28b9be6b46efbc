import { join } from 'node:path';
import { Client } from 'pg';

/** Works on the service's own PostgreSQL directly, as its superuser, through the socket in the data folder. */
export async function withDatabase<T>(dataDir: string, work: (client: Client) => Promise<T>): Promise<T> {
  const host = join(dataDir, 'postgres/run');
  const client = new Client({ host, port: 5432, user: 'postgres', database: 'postgres' });
  client.on('error', () => undefined); // the next query shows it
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
