import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '@app/embedded-postgres';
import { migrate } from '../../../migrations/migrate.js';
import { onServer, SERVER_VARIABLE, serverUrl, TEMPLATE } from './database.js';

declare global {
  // Handed to the teardown, which jest runs in the same process.
  var gssTestServer: { server: EmbeddedPostgres; folder: string } | undefined;
}

/** One real server for all specs, with a migrated template to clone. Starts once, however many projects ask. */
export default async function setup(): Promise<void> {
  if (globalThis.gssTestServer) return;
  const folder = await mkdtemp(join(tmpdir(), 'gss-test-'));
  const server = await EmbeddedPostgres.start({ dataDir: folder });
  globalThis.gssTestServer = { server, folder };
  process.env[SERVER_VARIABLE] = server.url;
  await onServer(`CREATE DATABASE ${TEMPLATE}`);
  await migrate(serverUrl(TEMPLATE));
}
