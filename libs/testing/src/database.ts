import { randomBytes } from 'node:crypto';
import { Client, Pool } from 'pg';

/** Where jest's global setup left the server that the specs share: the URL of its maintenance database. */
export const SERVER_VARIABLE = 'GSS_TEST_SERVER';
export const TEMPLATE = 'gss_template';

/** A database of its own for one spec file, cloned from the migrated template. */
export interface TestDatabase {
  readonly url: string;
  readonly pool: Pool;
  drop(): Promise<void>;
}

/** The URL of a database on the shared server. */
export function serverUrl(database: string): string {
  const url = process.env[SERVER_VARIABLE];
  if (!url) throw new Error('no test server: the projects int, contract and e2e start one, the others have none');
  return url.replace(/\/postgres(\?|$)/, `/${database}$1`);
}

/** Clones the template, or makes an empty database. Drop it when the spec is over. */
export async function createTestDatabase(template: string = TEMPLATE): Promise<TestDatabase> {
  const database = `gss_${randomBytes(6).toString('hex')}`;
  await onServer(`CREATE DATABASE ${database} TEMPLATE ${template}`);
  const url = serverUrl(database);
  const pool = new Pool({ connectionString: url, max: 10 });
  pool.on('error', () => undefined); // specs kill connections on purpose; the next query shows it
  return {
    url,
    pool,
    drop: async () => {
      await pool.end();
      await onServer(`DROP DATABASE ${database} WITH (FORCE)`);
    },
  };
}

/** One statement in the server's maintenance database. */
export async function onServer(sql: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl('postgres') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
