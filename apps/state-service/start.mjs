// Runs a program of the project, built first if need be: node start.mjs [service|demo|token|cli] [arguments]
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, root } from './build.mjs';

const programs = {
  service: 'dist/apps/state-service/src/main.js',
  token: 'dist/apps/state-service/src/token.js',
  demo: 'dist/apps/demo/src/main.js',
  cli: 'dist/apps/cli/src/main.js',
};

const [node, , name = 'service', ...rest] = process.argv;
if (!Object.hasOwn(programs, name)) {
  process.stderr.write(`There is no program ${name}; there are ${Object.keys(programs).join(', ')}\n`);
  process.exit(1);
}
try {
  ensureBuilt();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(name === 'cli' ? 2 : 1); // to the command line, 1 means that something was found
}
const program = join(root, programs[name]);
// The demo is told where the service of this environment is; only the service reads the environment itself.
const { PORT = '8087', DATA_DIR = '.data' } = process.env;
const place = name === 'demo' ? ['--port', PORT, '--data-dir', DATA_DIR] : [];
process.argv = [node, program, ...place, ...rest];
await import(pathToFileURL(program).href);
