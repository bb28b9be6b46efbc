import { DataSource } from 'typeorm';
import { MIGRATIONS } from './index.js';

/** Any number that nobody else locks in this database. */
const MIGRATION_LOCK = 7_402_118_807;

/**
 * Brings a database to the newest schema. Any number of instances may call it at once: one works, the others wait for it and
 * find nothing left to do.
 * @throws Error with one clear line for a server older than PostgreSQL 15
 */
export async function migrate(url: string): Promise<void> {
  const dataSource = new DataSource({
    type: 'postgres', url, migrations: MIGRATIONS, entities: [], schema: 'global_state', migrationsTableName: 'migrations',
    applicationName: 'gss-migrate', connectTimeoutMS: 10_000, poolSize: 2,
  });
  await dataSource.initialize();
  // The lock lives on a session of its own: TypeORM takes connections as it likes.
  const session = dataSource.createQueryRunner();
  try {
    assertVersion(await session.query('SHOW server_version_num'));
    await session.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await session.query('CREATE SCHEMA IF NOT EXISTS global_state');
    await dataSource.runMigrations({ transaction: 'all' });
  } finally {
    await session.query('SELECT pg_advisory_unlock_all()');
    await session.release();
    await dataSource.destroy();
  }
}

function assertVersion([row]: { server_version_num: string }[]): void {
  const version = Math.floor(Number(row?.server_version_num) / 10_000);
  if (version < 15) throw new Error(`DATABASE_URL points to PostgreSQL ${version}; version 15 or newer is needed`);
}
