import { attachToEmbedded, EmbeddedPostgresError } from '@app/embedded-postgres';
import { Client } from 'pg';
import { CliError } from './cli-error.js';
import type { Environment } from './environment.js';

/** Does something with the database that the service of this environment has, beside the service if it runs. */
export async function withDatabase<T>(environment: Environment, use: (url: string) => Promise<T>): Promise<T> {
  if (environment.databaseUrl !== undefined) return explained(() => use(environment.databaseUrl!));
  return explained(async () => {
    const attached = await attachToEmbedded({ dataDir: environment.dataDir, log: (line) => process.stderr.write(`${line}\n`) });
    try {
      return await use(attached.url);
    } finally {
      await attached.detach();
    }
  });
}

/** One connection, closed afterwards. */
export async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: 'gss-cli', connectionTimeoutMillis: 10_000, keepAlive: true });
  client.on('error', () => undefined); // the statement under way says it
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
}

const NO_TABLE = '42P01';

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw new CliError(error.message);
    if (error instanceof Error && 'code' in error) {
      if (error.code === NO_TABLE) throw new CliError('The database is not that of this version: start the service once, it brings it up to date');
      if (typeof error.code === 'string') throw new CliError(`The database: ${error.message || error.code}`);
    }
    throw error;
  }
}
