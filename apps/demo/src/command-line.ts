import { parseArgs } from 'node:util';
import { DemoError } from './demo-error.js';

export const USAGE = `Sends real game events to a service and checks what becomes of them: npm run demo -- [options]
  --url <url>         the service; without it the one at the default address, or one started for this run
  --port <port>       port of the default address (8087)
  --token <jwt>       with the role service; else one is signed with the secret in the data folder
  --data-dir <path>   data folder of the service (.data)
  --in-flight <n>     requests under way at once (64)
  --events <file>     lines of JSON, gzipped or plain (test/fixtures/arena.events.ndjson.gz)
  --expected <file>   the states they must end in (test/fixtures/arena.expected.ndjson.gz)
  --json              print the result as JSON
Ends with exit code 1 if anything is not as expected.`;

/** What was asked for. Files are `undefined` for the ones that come with the project. */
export interface Asked {
  readonly url: string | undefined;
  readonly port: number;
  readonly token: string | undefined;
  readonly dataDir: string;
  readonly inFlight: number;
  readonly events: string | undefined;
  readonly expected: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws DemoError naming the option that is wrong */
export function readCommandLine(args: readonly string[]): Asked {
  const { values } = parse(args);
  return {
    url: values.url === undefined ? undefined : origin(values.url),
    port: whole('--port', values.port, 65_535),
    token: values.token,
    dataDir: values['data-dir'],
    inFlight: whole('--in-flight', values['in-flight'], 10_000),
    events: values.events,
    expected: values.expected,
    json: values.json,
    help: values.help,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        url: { type: 'string' }, port: { type: 'string', default: '8087' }, token: { type: 'string' },
        'data-dir': { type: 'string', default: '.data' }, 'in-flight': { type: 'string', default: '64' },
        events: { type: 'string' }, expected: { type: 'string' },
        json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new DemoError(`${error instanceof Error ? error.message : String(error)}; --help names the options`);
  }
}

function origin(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new DemoError(`--url takes an address such as http://127.0.0.1:8087, not ${url}`);
  }
  return new URL(url).origin;
}

function whole(option: string, text: string, max: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > max) throw new DemoError(`${option} takes a whole number from 1 to ${max}, not ${text}`);
  return value;
}
