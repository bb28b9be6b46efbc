import { isJsonObject, type Json, type JsonObject } from '@app/kernel';
import { printable } from './printable.js';

const OMITTED = new Set(['service', 'hostname', 'pid']);

/**
 * A JSON record of the log as a line for a person at a terminal. A stack goes below it, indented, so that no text of an
 * error can pass for a record of its own.
 */
export function prettyLine(record: string): string {
  const { level, time, msg, err, stack, ...rest } = JSON.parse(record) as JsonObject;
  const clock = typeof time === 'string' ? time.slice(11, 23) : '';
  const shown = Object.entries(rest).filter(([name]) => !OMITTED.has(name));
  const fields = shown.map(([name, value]) => `${name}=${quoted(show(value))}`);
  const head = printable([clock, show(level ?? '').toUpperCase().padEnd(5), show(msg ?? ''), ...fields].join(' '));
  const trace = stack ?? (isJsonObject(err) ? err.stack || err.message : undefined);
  return `${head.trimEnd()}\n${typeof trace === 'string' ? indented(trace) : ''}`;
}

function show(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A value with blanks in it must not read as two fields. */
function quoted(text: string): string {
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

function indented(stack: string): string {
  return stack.split('\n').map((line) => `    ${printable(line.trim())}\n`).join('');
}
