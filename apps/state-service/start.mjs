// Builds what is not built yet, or older than its sources, and runs it: node start.mjs [service|demo|token] [arguments]
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const stamp = join(root, 'dist/.built');
const programs = {
  service: 'dist/apps/state-service/src/main.js',
  token: 'dist/apps/state-service/src/token.js',
  demo: 'dist/apps/demo/src/main.js',
};

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).filter((name) => !name.endsWith('.spec.ts')).map((name) => newest(join(path, name))));
}

function isStale() {
  if (!existsSync(stamp)) return true;
  const built = statSync(stamp).mtimeMs;
  return ['apps', 'libs', 'migrations', 'package.json', 'tsconfig.json', 'tsconfig.build.json']
    .some((name) => newest(join(root, name)) > built);
}

function build() {
  if (!existsSync(join(root, 'node_modules/.bin/nest'))) {
    process.stderr.write('Dependencies are missing: run npm ci first\n');
    process.exit(1);
  }
  process.stderr.write('Building (only when sources changed) ...\n');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules/@nestjs/cli/bin/nest.js'), 'build'], {
    cwd: root, encoding: 'utf8',
  });
  if (status !== 0) {
    process.stderr.write(`${stdout}${stderr}\nThe build failed.\n`);
    process.exit(1);
  }
  writeFileSync(stamp, '');
}

const [, , name = 'service', ...rest] = process.argv;
if (!(name in programs)) {
  process.stderr.write(`There is no program ${name}; there are ${Object.keys(programs).join(', ')}\n`);
  process.exit(1);
}
if (isStale()) build();
process.argv = [process.argv[0], join(root, programs[name]), ...rest];
await import(pathToFileURL(join(root, programs[name])).href);
