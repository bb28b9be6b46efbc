import { CliError } from './cli-error.js';
import type { Command } from './command.js';
import { Given } from './given.js';
import { usageOf, usageOfAll } from './usage.js';

type Group = () => Promise<readonly Command[]>;

/** By the first word of a command. Loaded when it is called for: verify alone takes a second. */
const GROUPS: Readonly<Record<string, Group>> = {
  state: async () => (await import('./commands/state.js')).stateCommands,
  diff: async () => (await import('./commands/state.js')).diffCommands,
  events: async () => (await import('./commands/events.js')).eventsCommands,
  rollback: async () => (await import('./commands/rollback.js')).rollbackCommands,
  operations: async () => (await import('./commands/operations.js')).operationsCommands,
  'dead-letters': async () => (await import('./commands/dead-letters.js')).deadLettersCommands,
  projections: async () => (await import('./commands/projections.js')).projectionsCommands,
  flags: async () => (await import('./commands/flags.js')).flagsCommands,
  quarantines: async () => (await import('./commands/flags.js')).quarantinesCommands,
  rules: async () => (await import('./commands/flags.js')).rulesCommands,
  audit: async () => (await import('./commands/audit.js')).auditCommands,
  doctor: async () => (await import('./commands/doctor.js')).doctorCommands,
  verify: async () => (await import('./commands/verify.js')).verifyCommands,
  roots: async () => (await import('./commands/roots.js')).rootsCommands,
};

/** What was asked for: text to print, or a command with what was given to it. */
export type Asked = { readonly usage: string } | { readonly command: Command; readonly given: Given };

/** @throws CliError naming what is wrong */
export async function readCommandLine(args: readonly string[]): Promise<Asked> {
  const [word = '--help', second = ''] = args;
  if (word === '--help' || word === '-h') return { usage: usageOfAll(await everyCommand()) };
  const group = Object.hasOwn(GROUPS, word) ? await GROUPS[word]!() : [];
  const command = group.find(({ name }) => name === `${word} ${second}`) ?? group.find(({ name }) => name === word);
  if (command) {
    const given = Given.read(command, args.slice(command.name.split(' ').length));
    return given.help ? { usage: usageOf(command) } : { command, given };
  }
  if (group.length > 0 && /^(?:--help|-h)?$/.test(second)) return { usage: usageOfAll(group) };
  const known = group.length > 0 ? group.map(({ name }) => name) : Object.keys(GROUPS);
  throw new CliError(`There is no command ${group.length > 0 ? `${word} ${second}` : word}; there are ${known.join(', ')}`);
}

async function everyCommand(): Promise<Command[]> {
  return (await Promise.all(Object.values(GROUPS).map((load) => load()))).flat();
}
