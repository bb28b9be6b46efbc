import { parseArgs } from 'node:util';
import { AGGREGATE_TYPES, type AggregateType } from '@app/kernel';
import { CliError } from './cli-error.js';
import type { Signature } from './signature.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const AGO_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What was given to a command, each value checked when it is asked for. Everything throws a `CliError` that names what is wrong. */
export class Given {
  readonly help: boolean;
  readonly json: boolean;

  private constructor(
    private readonly command: Signature,
    private readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>,
    private readonly positionals: readonly string[],
  ) {
    this.help = values['help'] === true;
    const output = this.text('output');
    if (output !== undefined && output !== 'json' && output !== 'table') throw new CliError(`-o takes json or table, not ${output}`);
    this.json = output === 'json';
  }

  static read(command: Signature, args: readonly string[]): Given {
    const { values, positionals } = parse(command, args);
    const given = new Given(command, values, positionals);
    const { takes = [] } = command;
    if (given.help) return given;
    if (positionals.length > takes.length) throw new CliError(`${command.name}: ${positionals[takes.length]} is one word too many; --help names the options`);
    const missing = takes[positionals.length];
    if (missing !== undefined && !missing.endsWith('?')) throw new CliError(`${command.name} needs <${missing}>; --help shows how`);
    return given;
  }

  /** What stands behind the command, by its name in `takes`. */
  argument(name: string): string | undefined {
    return this.positionals[(this.command.takes ?? []).findIndex((each) => each === name || each === `${name}?`)];
  }

  text(option: string): string | undefined {
    const value = this.values[option];
    return typeof value === 'string' ? value : undefined;
  }

  needed(option: string): string {
    const value = this.text(option);
    if (value === undefined || value === '') throw new CliError(`${this.command.name} needs --${option}; --help shows how`);
    return value;
  }

  all(option: string): readonly string[] {
    const value = this.values[option];
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  }

  flag(option: string): boolean {
    return this.values[option] === true;
  }

  /** A whole number from 1. */
  whole(option: string, max: number): number | undefined {
    const text = this.text(option);
    if (text === undefined) return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > max) throw new CliError(`--${option} takes a whole number from 1 to ${max}, not ${text}`);
    return value;
  }

  oneOf<Word extends string>(option: string, allowed: readonly Word[]): Word | undefined {
    const text = this.text(option);
    return text === undefined ? undefined : oneOf(`--${option}`, text, allowed);
  }

  /** A time of ISO 8601, or so long ago: `90s`, `15m`, `2h`, `7d`. */
  time(option: string): string | undefined {
    const text = this.text(option);
    return text === undefined ? undefined : timeOf(`--${option}`, text);
  }

  /** A version, or a time as `time` has it. */
  moment(option: string): string {
    const text = this.needed(option);
    return /^[1-9]\d{0,15}$/.test(text) ? text : timeOf(`--${option}`, text);
  }

  /** `<type> <id>` behind the command. */
  aggregate(): { aggregateType: AggregateType; aggregateId: string } {
    return aggregateOf(this.argument('type') ?? '', this.argument('id') ?? '');
  }

  id(name: string): string {
    return uuidOf(name, this.argument(name) ?? '');
  }
}

export function oneOf<Word extends string>(what: string, text: string, allowed: readonly Word[]): Word {
  const found = allowed.find((word) => word === text);
  if (found === undefined) throw new CliError(`${what} takes ${allowed.join(', ')}, not ${text}`);
  return found;
}

export function aggregateOf(type: string, id: string): { aggregateType: AggregateType; aggregateId: string } {
  return { aggregateType: oneOf('<type>', type, AGGREGATE_TYPES), aggregateId: uuidOf('id', id) };
}

export function uuidOf(name: string, text: string): string {
  if (!UUID.test(text)) throw new CliError(`<${name}> takes a UUID, not ${text}`);
  return text.toLowerCase();
}

function timeOf(what: string, text: string): string {
  const [, amount, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const at = amount === undefined ? Date.parse(text) : Date.now() - Number(amount) * AGO_MS[unit]!;
  // Date.parse takes much that is no time, such as "7".
  if (Number.isNaN(at) || (amount === undefined && !/^\d{4}-\d{2}-\d{2}/.test(text))) {
    throw new CliError(`${what} takes a time such as 2026-11-25T12:00:00Z, or 15m, 2h or 7d for so long ago, not ${text}`);
  }
  return new Date(at).toISOString();
}

function parse(command: Signature, args: readonly string[]) {
  const options = Object.entries(command.options ?? {}).map(([name, { value, multiple = false }]) =>
    [name, { type: value === undefined ? 'boolean' : 'string', multiple }] as const);
  const output = command.plain ? [] : [['output', { type: 'string', short: 'o' }] as const];
  try {
    return parseArgs({
      args: [...args], allowPositionals: true,
      options: { ...Object.fromEntries(options), ...Object.fromEntries(output), help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    const [, said = ''] = /: (.*?)(?:\. |$)/m.exec(String(error)) ?? [];
    throw new CliError(`${command.name}: ${said}; --help names the options`);
  }
}
