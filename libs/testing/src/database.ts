import { randomBytes } from 'node:crypto';
import { Client, type ClientConfig, Pool } from 'pg';
import { DataSource } from 'typeorm';
import { migrate } from './migrate.js';

/** Where jest's global setup left the server that the specs share. */
export const SERVER_VARIABLE = 'GSS_TEST_SERVER';
export const TEMPLATE = 'gss_template';

/** A database of its own for one spec file, cloned from the migrated template. */
export interface TestDatabase {
  readonly connection: ClientConfig & { readonly database: string };
  readonly url: string;
  readonly pool: Pool;
  drop(): Promise<void>;
}

/** How to reach the shared server. */
export function serverConnection(): ClientConfig {
  const text = process.env[SERVER_VARIABLE];
  if (!text) throw new Error('no test server: run specs of the int, contract and e2e projects through jest');
  return JSON.parse(text) as ClientConfig;
}

/** Clones the template. Drop it when the spec is over. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const database = `gss_${randomBytes(6).toString('hex')}`;
  await onServer(`CREATE DATABASE ${database} TEMPLATE ${TEMPLATE}`);
  const connection = { ...serverConnection(), database };
  const pool = new Pool({ ...connection, max: 10 });
  pool.on('error', () => undefined); // specs kill connections on purpose; the next query shows it
  return {
    connection,
    url: urlOf(connection),
    pool,
    drop: async () => {
      await pool.end();
      await onServer(`DROP DATABASE ${database} WITH (FORCE)`);
    },
  };
}

/** One statement in the server's maintenance database. */
export async function onServer(sql: string): Promise<void> {
  const client = new Client({ ...serverConnection(), database: 'postgres' });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Makes the template: an empty database with every migration. */
export async function createTemplate(): Promise<void> {
  await onServer(`CREATE DATABASE ${TEMPLATE}`);
  const dataSource = new DataSource({
    type: 'postgres', url: urlOf({ ...serverConnection(), database: TEMPLATE }), entities: [], synchronize: false,
  });
  await dataSource.initialize();
  await migrate(dataSource);
  await dataSource.destroy();
}

function urlOf({ host, user, database, port }: ClientConfig): string {
  return `postgres://${user}@/${database}?host=${encodeURIComponent(host ?? '')}&port=${port ?? 5432}`;
}
