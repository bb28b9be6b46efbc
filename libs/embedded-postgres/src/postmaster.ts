import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DataFolder, SOCKETS } from './data-folder.js';
import { EmbeddedPostgresError, codeOf } from './failure.js';

export const PORT = 5432;

/** Our own parameter on the server's command line: by it a process is known as the server of one data folder. */
export const OWNER_PARAMETER = 'state_service.data_folder';

// Long enough for a server that is starting to have written its pid.
const EMPTY_PID_FILE_IS_STALE_MS = 3_000;

/** What postmaster.pid says. */
export interface PidFile {
  readonly pid: number;
  readonly ready: boolean;
}

/** Undefined when there is none, or none that is whole. */
export function readPidFile(folder: DataFolder): PidFile | undefined {
  try {
    const lines = readFileSync(join(folder.cluster, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number.parseInt(lines[0] ?? '', 10);
    return pid > 0 ? { pid, ready: lines[7]?.trim() === 'ready' } : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/** The server that has this folder open, or undefined; `asWanted` says whether it runs by just this command line. */
export function findPostmaster(
  folder: DataFolder,
  command: readonly string[],
): { readonly pid: number; readonly asWanted: boolean } | undefined {
  const pid = readPidFile(folder)?.pid;
  const line = pid === undefined ? undefined : commandLine(pid);
  if (pid === undefined || line === undefined) {
    return undefined;
  }
  if (` ${line} `.includes(` ${OWNER_PARAMETER}=${folder.cluster} `)) {
    return { pid, asWanted: line === command.join(' ') };
  }
  // The name alone does not make it this folder's server: after a restart of a container the pid may be anybody's.
  if (/(?:^|\/)postgres(?: |$)/.test(line) && !line.includes(`${OWNER_PARAMETER}=`)) {
    throw new EmbeddedPostgresError(
      `The data folder ${folder.path} is in use by a PostgreSQL (pid ${pid}) started by hand; stop it first`,
    );
  }
  return undefined;
}

/** Whether this process is there and is the server that was started by this command line. */
export function isRunning(pid: number, command: readonly string[]): boolean {
  return process.platform === 'linux' ? commandLine(pid) === command.join(' ') : exists(pid);
}

/**
 * PostgreSQL clears up after a dead server itself, but takes any process of its user with the dead one's pid for that
 * server, as it does a zombie. The caller holds the folder lock and has seen that it is none. Should a server be
 * starting here all the same, PostgreSQL's own interlock in shared memory still keeps the second one out.
 */
export function clearStalePid(folder: DataFolder): void {
  const pidFile = join(folder.cluster, 'postmaster.pid');
  const stats = statSync(pidFile, { throwIfNoEntry: false });
  if (stats === undefined) {
    return;
  }
  const pid = readPidFile(folder)?.pid;
  const stale = pid === undefined ? Date.now() - stats.mtimeMs > EMPTY_PID_FILE_IS_STALE_MS : exists(pid);
  if (stale) {
    const socket = join(folder.home, SOCKETS, `.s.PGSQL.${PORT}`);
    for (const file of [pidFile, socket, `${socket}.lock`]) {
      rmSync(file, { force: true });
    }
  }
}

/** Undefined for a process that is gone or a zombie. */
function commandLine(pid: number): string | undefined {
  try {
    const line = process.platform === 'linux'
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0$/, '').replaceAll('\0', ' ')
      : execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return line === '' ? undefined : line;
  } catch {
    return undefined;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
