import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { type Check, fail, messageOf, ok, warn } from './check.js';

const OLDEST_NODE = [20, 19] as const;
const GIB = 2 ** 30;
const LOW = 5 * GIB;
const TOO_LOW = GIB;

export function checkNode(version: string = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOldEnough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return isOldEnough ? ok('node', version) : fail('node', version, `install Node ${OLDEST_NODE.join('.')} or newer`);
}

/** Room for what the service keeps in its folder. */
export async function checkDisk(folder: string): Promise<Check[]> {
  if (!existsSync(folder)) return []; // the service runs elsewhere
  try {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const found = `${(free / GIB).toFixed(1)} GiB free for ${folder}`;
    if (free >= LOW) return [ok('disk', found)];
    return [(free < TOO_LOW ? fail : warn)('disk', found, 'make room: PostgreSQL stops when there is none left')];
  } catch (error) {
    return [warn('disk', messageOf(error), 'see that DATA_DIR is a folder that can be read')];
  }
}
