import { closeSync, fstatSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { CLUSTER } from './data-folder.js';
import { EmbeddedPostgresError, codeOf, explain } from './failure.js';
import { OWNER_PARAMETER, PORT, clearStalePid, findPostmaster, isRunning, readPidFile } from './postmaster.js';
import { type Tenant, spawnFor } from './tenant.js';

/** A server as it shall run: for whom, by which command line, and who hears of it. */
export interface Server {
  readonly tenant: Tenant;
  readonly command: readonly string[];
  readonly log: (line: string) => void;
}

const LOG_LIMIT_BYTES = 16 * 1024 * 1024;
const LOOK_EVERY_MS = 10;
const REPORT_EVERY_MS = 10_000;
const CONNECT_WITHIN_MS = 5_000;

// Before it recovers the server has its files synced: one by one in 1 to 2.5 s on a busy disk, all at once in 0.3 s.
const QUICK_RECOVERY = { recovery_init_sync_method: 'syncfs' };

/** How the server is asked to end, and for how long each way is given; what is committed survives all of them. */
const WAYS_TO_END = [['SIGINT', 5_000], ['SIGQUIT', 2_000], ['SIGKILL', 5_000]] as const;

/** `version` is on the command line so that a server left over from before an update is told from a current one. */
export function serverCommand(
  postgres: string,
  version: string,
  tenant: Tenant,
  settings: Readonly<Record<string, string>>,
): string[] {
  const parameters = {
    listen_addresses: '',
    port: String(PORT),
    unix_socket_directories: tenant.sockets,
    unix_socket_permissions: '0700',
    logging_collector: 'off',
    ...(process.platform === 'linux' ? QUICK_RECOVERY : {}),
    [OWNER_PARAMETER]: tenant.folder.cluster,
    'state_service.binaries': version,
    ...settings,
  };
  const options = Object.entries(parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return [postgres, '-D', join(tenant.home, CLUSTER), ...options];
}

/** Resolves with the pid of a server that answers: the one that runs already, or a new one. */
export async function bringUp(server: Server, signal: AbortSignal): Promise<{ pid: number; adopted: boolean }> {
  const { tenant, command, log } = server;
  const found = findPostmaster(tenant.folder, command);
  if (found?.asWanted === true && await answers(server, found.pid, signal)) {
    return { pid: found.pid, adopted: true };
  }
  if (found !== undefined) {
    log(`PostgreSQL (pid ${found.pid}) ${found.asWanted ? 'does not answer' : 'runs by other settings'}; replacing it`);
    await shutDown(found.pid, () => findPostmaster(tenant.folder, command)?.pid === found.pid);
  } else if (await canConnect(tenant) && findPostmaster(tenant.folder, command) === undefined) {
    // In another container, or under the folder's former name: its pid means nothing here, but its socket is this one.
    throw new EmbeddedPostgresError(
      `The data folder ${tenant.folder.path} is in use by a PostgreSQL of another place or container; stop it first`,
    );
  }
  clearStalePid(tenant.folder);
  return { pid: await launch(server, signal), adopted: false };
}

/** Ends a server and waits until it is gone. */
export async function shutDown(pid: number, running: () => boolean): Promise<void> {
  for (const [way, patience] of WAYS_TO_END) {
    if (!running()) {
      return;
    }
    try {
      process.kill(pid, way);
    } catch (error) {
      if (codeOf(error) !== 'ESRCH') {
        throw error;
      }
    }
    for (const end = Date.now() + patience; running() && Date.now() < end;) {
      await sleep(LOOK_EVERY_MS);
    }
  }
}

async function launch(server: Server, signal: AbortSignal): Promise<number> {
  const { tenant, command } = server;
  const { logFile } = tenant.folder;
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) {
    renameSync(logFile, `${logFile}.1`);
  }
  // A file and not a pipe: the server outlives this process and would block, or die, on a pipe that nobody reads.
  const output = openSync(logFile, 'a', 0o600);
  try {
    const start = fstatSync(output).size;
    const child = await spawnFor(tenant, command, output, true);
    child.unref();
    const pid = child.pid ?? 0;
    const running = (): boolean => isRunning(pid, command);
    try {
      if (await answers(server, pid, signal)) {
        return pid;
      }
      throw running()
        ? new EmbeddedPostgresError(`PostgreSQL (pid ${pid}) says that it is ready but does not answer; see ${logFile}`)
        : explain(readFileSync(logFile).subarray(start).toString(), tenant.folder.path);
    } catch (error) {
      await shutDown(pid, running);
      throw error;
    }
  } finally {
    closeSync(output);
  }
}

/**
 * Waits until this server takes connections: false when it ended, or says it is ready and does not answer. However
 * long it recovers after a crash it is let work, since ending it would only make it begin again.
 */
async function answers(server: Server, pid: number, signal: AbortSignal): Promise<boolean> {
  const begun = Date.now();
  let reported = begun;
  while (isRunning(pid, server.command)) {
    const said = readPidFile(server.tenant.folder);
    if (said?.pid === pid && said.ready) {
      return canConnect(server.tenant);
    }
    if (Date.now() - reported >= REPORT_EVERY_MS) {
      reported = Date.now();
      server.log(`PostgreSQL (pid ${pid}) is still starting after ${Math.round((reported - begun) / 1000)} s`);
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
  return false;
}

async function canConnect(tenant: Tenant): Promise<boolean> {
  const client = new Client({ ...connectionTo(tenant), connectionTimeoutMillis: CONNECT_WITHIN_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** What a `pg` client needs to connect, in place of the url. */
export interface ConnectionParts {
  /** Folder of the Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly ssl: false;
}

export function connectionTo({ folder }: Pick<Tenant, 'folder'>): ConnectionParts {
  return { host: folder.sockets, port: PORT, user: 'postgres', database: 'postgres', ssl: false };
}
