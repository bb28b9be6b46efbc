import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readlinkSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EmbeddedPostgresError, codeOf, explain } from './failure.js';

/** The folder that one service keeps its data in, and the fixed places within it. */
export interface DataFolder {
  /** Absolute, with symbolic links followed. */
  readonly path: string;
  /** PostgreSQL's part of it: the one folder that belongs to the server's user. */
  readonly home: string;
  /** PostgreSQL's data. It is there only when it is complete. */
  readonly cluster: string;
  readonly logFile: string;
  /** Where processes that want the folder meet; under a name short enough for a socket, as is the next. */
  readonly locks: string;
  /** Where the server listens. */
  readonly sockets: string;
}

const HOME = 'postgres';

// The names within the home, which the server's user may know by another path.
export const CLUSTER = 'data';
export const SOCKETS = 'run';

// A socket's path has 104 bytes with its NUL on macOS, 108 on Linux.
const LONGEST_PATH = 103 - '/postgres/run/.s.PGSQL.5432'.length;

/** Makes the folder if it is not there. */
export function openDataFolder(dataDir: string): DataFolder {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o755 });
    const path = realpathSync(dataDir);
    const home = join(path, HOME);
    const short = shorten(path);
    return {
      path,
      home,
      cluster: join(home, CLUSTER),
      logFile: join(path, 'postgres.log'),
      locks: join(short, 'lock'),
      sockets: join(short, HOME, SOCKETS),
    };
  } catch (error) {
    throw explain(error, resolve(dataDir));
  }
}

/**
 * A long folder gets a short symbolic link beside the temporary files. The sockets stay in the folder itself, so the
 * lock holds also between processes that disagree about where temporary files go, and a link that was swept away is
 * just made again. Nobody else can bend it: it must be ours, and in a sticky folder only its owner can replace it.
 */
function shorten(path: string): string {
  if (fits(path)) {
    return path;
  }
  const uid = process.getuid?.() ?? 0;
  const name = `state-service-${uid}-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;
  const link = [tmpdir(), '/tmp'].map((folder) => join(folder, name)).find(fits);
  if (link === undefined) {
    throw new EmbeddedPostgresError(
      `The path of the data folder ${path} is too long for a socket; set DATA_DIR to a shorter one`,
    );
  }
  try {
    symlinkSync(path, link);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') {
      throw error;
    }
    const found = lstatSync(link);
    if (!found.isSymbolicLink() || found.uid !== uid || readlinkSync(link) !== path) {
      throw new EmbeddedPostgresError(`${link} is not the link to the data folder ${path} it should be; remove it`);
    }
  }
  return link;
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= LONGEST_PATH;
}
