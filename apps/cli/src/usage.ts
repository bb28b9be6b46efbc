import type { Signature } from './signature.js';

const COLUMN = 36;

export const HEADER = 'npm run -s cli -- <command> [options]';
const FOOTER = `Every command takes --help, and -o json where it prints a table. Exit code 0: done, 1: something was found or refused, 2: it could not run.
The service is at GSS_URL (default http://127.0.0.1:PORT), the token in GSS_TOKEN; without one JWT_SECRET or the secret in DATA_DIR signs one for this call.
verify, roots and doctor read DATABASE_URL, DATA_DIR and ROOT_SIGNING_KEY; roots sign reads ROOTS_FILE.`;

/** All commands, one a line. */
export function usageOfAll(commands: readonly Signature[]): string {
  const lines = commands.map((command) => row(`  ${command.name} ${argumentsOf(command)}`.trimEnd(), command.summary));
  return [HEADER, ...lines, FOOTER].join('\n');
}

/** One command with its options. */
export function usageOf(command: Signature): string {
  const options = Object.entries(command.options ?? {}).map(([name, { value, help }]) =>
    row(`  --${name}${value === undefined ? '' : ` <${value}>`}`, help));
  const output = command.plain ? [] : [row('  -o json', 'prints JSON: one document, or one a line where it goes on')];
  return [`npm run -s cli -- ${command.name} ${argumentsOf(command)}`.trimEnd(), command.summary, ...options, ...output].join('\n');
}

function argumentsOf({ takes = [] }: Signature): string {
  return takes.map((name) => (name.endsWith('?') ? `[${name.slice(0, -1)}]` : `<${name}>`)).join(' ');
}

function row(left: string, right: string): string {
  return left.length < COLUMN ? `${left.padEnd(COLUMN)}${right}` : `${left}  ${right}`;
}
