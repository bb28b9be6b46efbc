import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, closeSync, lstatSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type DataFolder, SOCKETS } from './data-folder.js';
import { EmbeddedPostgresError } from './failure.js';
import { type SystemUser, canReach } from './system-user.js';

/** As whom the server's programs run, and by which path they get to their home in the data folder. */
export interface Tenant {
  readonly folder: DataFolder;
  /** Undefined: as ourselves. */
  readonly user: SystemUser | undefined;
  /** Whether the user can walk to the home by itself. */
  readonly reaches: boolean;
  /** The home, to the server's programs. */
  readonly home: string;
  /** The folder of the server's sockets, to the server's programs. */
  readonly sockets: string;
}

const DESCRIPTOR = 3;
const HANDED_OVER = `/proc/self/fd/${DESCRIPTOR}`;

/**
 * A clone under /root or in root's own temporary folder cannot be reached by the user that root steps down to. On Linux
 * its home is then handed over as an open descriptor, which asks no leave of the folders above it; opening those up is
 * not ours to do, and data kept elsewhere would be missed by whoever moves or mounts the data folder.
 */
export function settle(folder: DataFolder, user: SystemUser | undefined): Tenant {
  const reaches = user === undefined || canReach(folder.path, user);
  if (!reaches && process.platform !== 'linux') {
    throw new EmbeddedPostgresError(
      `The system user ${user.name}, as whom root runs PostgreSQL, cannot reach the data folder ${folder.path}; ` +
        'start as another user or set DATA_DIR to a folder that it can reach',
    );
  }
  makePrivate(folder.home, user);
  makePrivate(join(folder.home, SOCKETS), user);
  // Also for a long path, whose short name might lie in a temporary folder of root's own.
  const shortened = !folder.sockets.startsWith(folder.home);
  const handOver = user !== undefined && process.platform === 'linux' && (!reaches || shortened);
  return {
    folder,
    user,
    reaches,
    home: handOver ? HANDED_OVER : folder.home,
    sockets: handOver ? join(HANDED_OVER, SOCKETS) : folder.sockets,
  };
}

/** Makes a folder that only the server's user and root can enter. */
export function makePrivate(path: string, user: SystemUser | undefined): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (!lstatSync(path).isDirectory()) {
    throw new EmbeddedPostgresError(`${path} is not a folder; remove it`);
  }
  if (user !== undefined) {
    chownSync(path, user.uid, user.gid);
  }
  chmodSync(path, 0o700);
}

/** Starts a program of PostgreSQL; `detached` gives it a session of its own, out of reach of the terminal's Ctrl-C. */
export async function spawnFor(
  tenant: Tenant,
  command: readonly string[],
  output: number | 'pipe',
  detached: boolean,
): Promise<ChildProcess> {
  const [program = '', ...args] = command;
  const home = openSync(tenant.folder.home, 'r');
  try {
    const stdio: StdioOptions = ['ignore', output, output];
    if (tenant.home === HANDED_OVER) {
      stdio[DESCRIPTOR] = home;
    }
    const child = spawn(program, args, {
      cwd: '/',
      // Of our own making: PGDATA, PGOPTIONS or a locale of the caller's would change what the server does.
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio,
      detached,
      uid: tenant.user?.uid,
      gid: tenant.user?.gid,
    });
    await once(child, 'spawn');
    return child;
  } finally {
    closeSync(home);
  }
}
