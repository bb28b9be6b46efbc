// What the service is compared with: installed on first use, or the reason why it is not there.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { say } from './progress.mjs';

const folder = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** `npm ci` in bench/ unless it was done. @returns undefined, or why the peers are absent */
export function installPeers() {
  return install(folder('.'));
}

/**
 * emmett has no licence, so that it is installed only by who asks for it (`--with-emmett`), and measured where it is installed.
 * @returns undefined, or why it is absent
 */
export function installEmmett(wanted) {
  const at = folder('emmett');
  if (!wanted && !existsSync(join(at, 'node_modules'))) return 'not installed: emmett states no licence; --with-emmett installs and measures it';
  return install(at);
}

function install(at) {
  if (existsSync(join(at, 'node_modules/.package-lock.json'))) return undefined;
  say(`Installing what to compare with (npm ci in ${at}) ...`);
  const { status, error, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: at, encoding: 'utf8' });
  if (status === 0) return undefined;
  const line = error?.message ?? stderr.split('\n').find((text) => text.trim() !== '') ?? `exit code ${status}`;
  return `npm ci failed: ${line.trim()}`;
}

/** The newest pgbench of the PATH or of Debian's folders; undefined where there is none. */
export function findPgbench() {
  const onPath = (process.env.PATH ?? '').split(delimiter).map((at) => join(at, 'pgbench'));
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : [];
  return [...onPath, ...versions.map((version) => join(base, version, 'bin/pgbench'))].find((file) => existsSync(file));
}
