import { readFileSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { EmbeddedPostgresError } from './failure.js';

/** A user to whom root steps down, since PostgreSQL refuses to run as root. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom the server runs as: nobody else than ourselves (undefined) unless we are root. Under root the owner of data that
 * is already there comes first, so that a `postgres` user installed later does not lose the way to it.
 */
export function serverUser(home: string, names: readonly string[]): SystemUser | undefined {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  const owner = statSync(home, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) {
    return { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  }
  const known = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  for (const name of names) {
    const entry = known.find(([candidate]) => candidate === name);
    if (entry !== undefined && entry[2] !== '0') {
      return { name, uid: Number(entry[2]), gid: Number(entry[3]) };
    }
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL never runs as root and /etc/passwd has no user ${names.join(' or ')}; ` +
      'start the service as another user or set DATABASE_URL to a PostgreSQL server of your own',
  );
}

/** Whether every folder from the root down to `folder` lets this user pass. Groups beside the main one are dropped. */
export function canReach(folder: string, user: SystemUser): boolean {
  const parent = dirname(folder);
  return allows(statSync(folder), user, 1) && (parent === folder || canReach(parent, user));
}

/** Whether the mode bits give this user all of `bits` (4 read, 2 write, 1 execute or pass). */
export function allows(stats: Stats, user: SystemUser, bits: number): boolean {
  const shift = stats.uid === user.uid ? 6 : stats.gid === user.gid ? 3 : 0;
  return ((stats.mode >> shift) & bits) === bits;
}
