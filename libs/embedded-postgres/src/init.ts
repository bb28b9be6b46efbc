import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { open, readFile, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CLUSTER, type DataFolder } from './data-folder.js';
import { EmbeddedPostgresError, codeOf, explain } from './failure.js';
import { type Tenant, makePrivate, spawnFor } from './tenant.js';

const UNFINISHED = `${CLUSTER}.init-`;

// Kept in postgresql.conf, where ALTER SYSTEM can change them; what the launcher needs is on the command line instead.
const SETTINGS = {
  max_connections: '100',
  shared_buffers: '128MB',
  // Two lines at every checkpoint would be all that an idle service ever logs.
  log_checkpoints: 'off',
};

/**
 * Makes PostgreSQL's data unless it is there; true when it did. It is made beside its place and moved there when it is
 * whole and on the disk, so whatever interrupts it leaves nothing that looks like data.
 */
export async function initIfMissing(initdb: string, major: string, tenant: Tenant): Promise<boolean> {
  const { folder } = tenant;
  await removeUnfinished(folder);
  if (await holdsData(folder, major)) {
    return false;
  }
  const name = `${UNFINISHED}${randomBytes(4).toString('hex')}`;
  makePrivate(join(folder.home, name), tenant.user);
  await runInitdb(initdb, name, tenant);
  await rename(join(folder.home, name), folder.cluster);
  await syncFolder(folder.home);
  return true;
}

async function removeUnfinished({ home }: DataFolder): Promise<void> {
  for (const entry of await readdir(home)) {
    if (entry.startsWith(UNFINISHED)) {
      // An orphaned initdb may still be writing there for a moment; without its folder it gives up.
      await rm(join(home, entry), { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    }
  }
}

async function holdsData(folder: DataFolder, major: string): Promise<boolean> {
  try {
    const found = (await readFile(join(folder.cluster, 'PG_VERSION'), 'utf8')).trim();
    if (found === major) {
      return true;
    }
    throw new EmbeddedPostgresError(
      `The data folder ${folder.path} is of PostgreSQL ${found} and this service brings PostgreSQL ${major}; ` +
        `move the data over with pg_dump of version ${found}, or set DATA_DIR to another folder`,
    );
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      throw error;
    }
  }
  try {
    await rmdir(folder.cluster);
  } catch (error) {
    if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOTDIR') {
      throw new EmbeddedPostgresError(
        `${folder.cluster} is there but is no PostgreSQL data; move it away ` +
          'or set DATA_DIR to another folder',
      );
    }
    if (codeOf(error) !== 'ENOENT') {
      throw error;
    }
  }
  return false;
}

async function runInitdb(initdb: string, name: string, tenant: Tenant): Promise<void> {
  const settings = Object.entries(SETTINGS).map(([key, value]) => `--set=${key}=${value}`);
  const child = await spawnFor(tenant, [
    initdb, '-D', join(tenant.home, name), '--username=postgres', '--auth=trust', '--no-instructions',
    // The collation comes with PostgreSQL, so a library update of the system cannot change the order of an index.
    '--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', ...settings,
    // One by one, the thousand files took 2 s more on a busy disk.
    ...(process.platform === 'linux' ? ['--sync-method=syncfs'] : []),
  ], 'pipe', false);
  const exit = once(child, 'exit');
  const said = child.stderr === null ? '' : await readBoth(child.stdout, child.stderr);
  const [code, signal] = (await exit) as [number | null, NodeJS.Signals | null];
  if (code !== 0) {
    await rm(join(tenant.folder.home, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    throw explain(signal === null ? said : `initdb was ended by ${signal}; start again`, tenant.folder.path);
  }
}

async function readBoth(stdout: NodeJS.ReadableStream | null, stderr: NodeJS.ReadableStream): Promise<string> {
  const [, said] = await Promise.all([stdout === null ? '' : text(stdout), text(stderr)]);
  return said;
}

/** The move must be on the disk before anything that relies on it. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
