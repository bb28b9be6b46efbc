// npm run bench: measures the service beside its peers and the limits of the machine. See README.md.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBuilt } from '../apps/state-service/build.mjs';
import { Closing } from './lib/closing.mjs';
import { machine } from './lib/machine.mjs';
import { planOf } from './lib/plan.mjs';
import { hush, say } from './lib/progress.mjs';
import { markdown } from './lib/report.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const USAGE = `npm run bench [-- [options] [work item ...]]

  --quick            shorter: three minutes in all, noisier
  --list             the work items
  --json FILE        write the result as JSON there too
  --out DIR          where the results go; default bench/results
  --env NAME=VALUE   for every instance of the service; may be repeated
  --with-emmett      install emmett, which states no licence, and measure it
  --help
`;

/** Every file of work/ is a work item: `title`, `order` (absent: only on demand), and `run(bench)`. */
async function workItems() {
  const files = (await readdir(join(HERE, 'work'))).filter((file) => file.endsWith('.mjs'));
  const items = await Promise.all(files.map(async (file) => {
    const { title, order, run } = await import(`./work/${file}`);
    return { name: file.slice(0, -'.mjs'.length), title, order, run };
  }));
  return items.sort((a, b) => (a.order ?? Infinity) - (b.order ?? Infinity) || a.name.localeCompare(b.name));
}

function chosen(items, names) {
  if (names.length === 0) return items.filter(({ order }) => order !== undefined);
  return names.map((name) => {
    const found = items.find((item) => item.name === name);
    if (!found) throw new UsageError(`There is no work item ${name}; there are ${items.map((item) => item.name).join(', ')}`);
    return found;
  });
}

class UsageError extends Error {}

async function main() {
  const { values, positionals } = readArguments();
  const items = await workItems();
  if (values.help) return void process.stdout.write(USAGE);
  if (values.list) return void process.stdout.write(items.map(listLine).join(''));
  const work = chosen(items, positionals);
  const before = machine();
  ensureBuilt();
  // Loaded only now: it imports from dist/, which the line before may have made.
  const { Bench } = await import('./lib/bench.mjs');
  const closing = endOnSignals(new Closing());
  try {
    const bench = new Bench(closing, { plan: planOf(values.quick), env: environment(values.env), withEmmett: values['with-emmett'] });
    const sections = [];
    for (const item of work) sections.push(await measure(bench, item));
    if (closing.ended) return;
    await publish(values, {
      machine: before, postgres: await bench.postgresVersion, settings: settingsOf(bench, values), sections,
    });
    if (sections.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
  } finally {
    await closing.all();
  }
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false }, list: { type: 'boolean' }, json: { type: 'string' }, out: { type: 'string' },
        env: { type: 'string', multiple: true, default: [] }, 'with-emmett': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(`${error.message}\n${USAGE}`);
  }
}

const listLine = ({ name, title, order }) => `${name.padEnd(8)} ${title}${order === undefined ? ' (only when named)' : ''}\n`;

function environment(pairs) {
  return Object.fromEntries(pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`--env takes NAME=VALUE, not ${pair}`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  }));
}

const settingsOf = ({ plan, env }, { env: given }) =>
  `${plan.name} run, medians of ${plan.rounds} rounds of ${plan.seconds} s a row${given.length > 0 ? `, ${Object.entries(env).map((pair) => pair.join('=')).join(' ')}` : ''}`;

/** A work item with what it started; what it ends with is ended before the next one begins. */
async function measure(bench, { name, title, run }) {
  const begun = performance.now();
  const part = bench.part();
  try {
    const result = await run(part);
    return { name, title, ...result, seconds: (performance.now() - begun) / 1000 };
  } catch (error) {
    say(`${name}: ${error.stack}`);
    return { name, title, failure: error.message };
  } finally {
    await part.closing.all();
  }
}

async function publish({ out, json }, result) {
  const folder = resolve(out ?? join(HERE, 'results'));
  await mkdir(folder, { recursive: true });
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '');
  const [table, data] = [markdown(result), `${JSON.stringify(result, null, 2)}\n`];
  await writeFile(join(folder, `${stamp}.md`), table);
  await writeFile(join(folder, `${stamp}.json`), data);
  if (json !== undefined) await writeFile(json, data);
  process.stdout.write(table);
  say(`Written to ${join(folder, stamp)}.md and .json`);
}

/** A second signal does not wait. */
function endOnSignals(closing) {
  let asked = false;
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]]) {
    process.on(signal, () => {
      if (asked) process.exit(code);
      asked = true;
      process.exitCode = code;
      say('Ending what was started ...');
      hush();
      void closing.all().then(() => process.exit(code));
    });
  }
  return closing;
}

try {
  await main();
  // A process that still holds a socket must not keep a finished run from ending.
  process.exit();
} catch (error) {
  process.stderr.write(`${error instanceof UsageError ? error.message : error.stack}\n`);
  process.exit(1);
}
