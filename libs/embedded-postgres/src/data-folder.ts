import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readlinkSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EmbeddedPostgresError, codeOf, explain } from './failure.js';

/** The folder that one service keeps its data in, and the fixed places within it. */
export interface DataFolder {
  /** Absolute, with symbolic links followed. */
  readonly path: string;
  /** The same folder under a name that is short enough for the sockets in it. */
  readonly shortPath: string;
  /** PostgreSQL's own data. It is there only when it is complete. */
  readonly cluster: string;
  readonly logFile: string;
}

export const CLUSTER = 'postgres';
export const SOCKETS = 'run';
export const LOCKS = 'lock';

// sun_path holds 104 bytes with its NUL on macOS (108 on Linux); `/lock/<pid>-<8 hex digits>` is the longest name below.
const LONGEST_PATH = 103 - '/lock/4194304-01234567'.length;

/** Makes the folder if it is not there. */
export function openDataFolder(dataDir: string): DataFolder {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o755 });
    const path = realpathSync(dataDir);
    return { path, shortPath: shorten(path), cluster: join(path, CLUSTER), logFile: join(path, 'postgres.log') };
  } catch (error) {
    throw explain(error, resolve(dataDir));
  }
}

/**
 * A long folder gets a short symbolic link beside the temporary files. The sockets stay in the folder itself, so the lock
 * holds also between processes that disagree about where temporary files go, and a link that was swept away is just made
 * again. Nobody else can bend it: it must be ours, and in a sticky folder only its owner can replace it.
 */
function shorten(path: string): string {
  if (Buffer.byteLength(path) <= LONGEST_PATH) {
    return path;
  }
  const uid = process.getuid?.() ?? 0;
  const name = `state-service-${uid}-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;
  const link = [tmpdir(), '/tmp'].map((folder) => join(folder, name)).find((it) => Buffer.byteLength(it) <= LONGEST_PATH);
  if (link === undefined) {
    throw new EmbeddedPostgresError(`The path of the data folder ${path} is too long for a socket; set DATA_DIR to a shorter one`);
  }
  try {
    symlinkSync(path, link);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') {
      throw error;
    }
    const found = lstatSync(link);
    if (!found.isSymbolicLink() || found.uid !== uid || readlinkSync(link) !== path) {
      throw new EmbeddedPostgresError(`${link} is not the link to the data folder ${path} that it should be; remove it`);
    }
  }
  return link;
}
