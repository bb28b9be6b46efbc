// Builds dist/ when it is missing or older than its sources.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const stamp = join(root, 'dist/.built');
const sources = ['apps', 'libs', 'migrations', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const names = readdirSync(path);
  // The client library is built into its own folder, which changes that folder as well.
  const own = names.includes('dist') ? 0 : stat.mtimeMs;
  return Math.max(own, ...names.filter((name) => name !== 'dist' && !name.endsWith('.spec.ts')).map((name) => newest(join(path, name))));
}

function isStale() {
  if (!existsSync(stamp)) return true;
  const built = statSync(stamp).mtimeMs;
  return sources.some((name) => newest(join(root, name)) > built);
}

/** @throws Error with the compiler's words when the build fails */
export function ensureBuilt() {
  if (!isStale()) return;
  const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
  if (!existsSync(nest)) throw new Error('Dependencies are missing: run npm ci first');
  process.stderr.write('Building (sources changed) ...\n');
  const begun = Date.now() / 1000;
  const { status, stdout, stderr } = spawnSync(process.execPath, [nest, 'build'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${stdout}${stderr}\nThe build failed`);
  writeFileSync(stamp, '');
  utimesSync(stamp, begun, begun); // what changed while the compiler ran is newer than what it read
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureBuilt();
