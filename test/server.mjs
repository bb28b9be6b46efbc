import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { ensureBuilt } from '../apps/state-service/build.mjs';
import { ensureRedisServer } from './redis-server.mjs';

/**
 * Jest's global setup for specs that need PostgreSQL: one real server for all of them, with a migrated template database to
 * clone (libs/testing/src/database.ts). Redis is only made sure of: each spec starts one for itself
 * (libs/testing/src/redis.ts). Jest resolves neither our paths nor TypeScript here, hence the built code.
 */
export default async function setup() {
  if (globalThis.gssTestServer) return;
  ensureBuilt();
  ensureRedisServer();
  const { EmbeddedPostgres } = await import('../dist/libs/embedded-postgres/src/index.js');
  const { migrate } = await import('../dist/migrations/migrate.js');
  const folder = await mkdtemp(join(tmpdir(), 'gss-test-'));
  // Two specs at a time, one of which starts ten services.
  const server = await EmbeddedPostgres.start({ dataDir: folder, settings: { max_connections: '300' } });
  globalThis.gssTestServer = { stop: () => server.stop(), remove: () => rm(folder, { recursive: true, force: true }) };
  process.env.GSS_TEST_SERVER = server.url;
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query('CREATE DATABASE gss_template');
  await client.end();
  await migrate(server.url.replace('/postgres?', '/gss_template?'));
}
