import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Asked, readCommandLine, USAGE } from './command-line.js';
import { DemoError } from './demo-error.js';
import { ExpectedState, GameEvent, readLines } from './input.js';
import { showProgress } from './progress.js';
import { count, report } from './report.js';
import { type DemoResult, runDemo } from './run-demo.js';
import { findTarget } from './target.js';

const SERVICE = fileURLToPath(new URL('../../state-service/src/main.js', import.meta.url));

/** A file of the project: this one runs from `dist`, which has the same folders. */
function projectFile(name: string): string {
  for (let folder = new URL('.', import.meta.url); folder.pathname !== '/'; folder = new URL('..', folder)) {
    const file = fileURLToPath(new URL(name, folder));
    if (existsSync(file)) return file;
  }
  throw new DemoError(`${name} is missing: name other files with --events and --expected`);
}

async function main(asked: Asked, signal: AbortSignal): Promise<DemoResult> {
  const [events, expected] = await Promise.all([
    readLines(asked.events ?? projectFile('test/fixtures/arena.events.ndjson.gz'), GameEvent),
    readLines(asked.expected ?? projectFile('test/fixtures/arena.expected.ndjson.gz'), ExpectedState),
  ]);
  const target = await findTarget(asked, { program: SERVICE, signal, say });
  const { url, token } = target;
  const { inFlight } = asked;
  try {
    say(`Sending ${count(events.length)} events to ${url}, ${inFlight} in flight, every fifth twice`);
    const progress = showProgress(events.length);
    return await runDemo({ url, token, inFlight, signal, events, expected, onProgress: progress.update })
      .finally(() => progress.stop());
  } finally {
    await target.stop();
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const ending = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ending.abort());
try {
  const asked = readCommandLine(process.argv.slice(2));
  if (asked.help) process.stdout.write(`${USAGE}\n`);
  else {
    const result = await main(asked, ending.signal);
    process.stdout.write(asked.json ? `${JSON.stringify(result)}\n` : `${report(result).join('\n')}\n`);
    if (result.differences.length > 0) process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof DemoError) && !ending.signal.aborted) throw error;
  say(ending.signal.aborted ? 'Interrupted' : String(error instanceof Error && error.message));
  process.exitCode = ending.signal.aborted ? 130 : 1;
}
