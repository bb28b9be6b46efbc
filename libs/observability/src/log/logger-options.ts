import { hostname } from 'node:os';
import { isNativeError } from 'node:util/types';
import type { FastifyServerOptions } from 'fastify';
import { prettyLine } from './pretty-line.js';
import { printable } from './printable.js';

/** From the most to the least talkative; `silent` writes nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** One of `LOG_LEVELS`. */
export type LogLevelName = (typeof LOG_LEVELS)[number];

/** What Fastify takes as its `logger`. */
export type LoggerOptions = Exclude<FastifyServerOptions['logger'], boolean | undefined>;

const SECRET_HEADERS = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'idempotency-key'];
const HEADER_BAGS = ['headers', '*.headers'];

/**
 * Options for the `logger` of Fastify: one JSON record a line on standard output, with `time` in ISO 8601, `level` as a
 * word, and the service, host and process. Credentials in headers are blacked out. Whatever text is logged, a record
 * stays on its line: everything invisible in it, as far as JSON lets it through, is escaped as JSON allows, so nothing
 * is lost.
 * @param pretty lines for a person at a terminal in place of JSON
 */
export function loggerOptions(level: LogLevelName, { pretty = false }: { pretty?: boolean } = {}): LoggerOptions {
  return {
    level,
    base: { service: 'global-state-service', hostname: hostname(), pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: errorRecord },
    redact: {
      paths: HEADER_BAGS.flatMap((bag) => SECRET_HEADERS.map((header) => `${bag}["${header}"]`)),
      censor: '[redacted]',
    },
    hooks: { streamWrite: pretty ? prettyLine : oneLine },
  };
}

function oneLine(record: string): string {
  return `${printable(record.trimEnd())}\n`;
}

interface ErrorRecord {
  [field: string]: unknown;
  type: string;
  message: string;
  stack: string;
}

/** Not pino's own, which copies every property: a driver's error holds the parameters of its query. */
function errorRecord(error: unknown): ErrorRecord {
  if (!isNativeError(error)) return { type: typeof error, message: String(error), stack: '' };
  const stack = causesOf(error).map((cause) => cause.stack ?? String(cause)).join('\ncaused by: ');
  return { type: error.name, message: error.message, code: 'code' in error ? error.code : undefined, stack };
}

const MOST_CAUSES = 5;

function causesOf(error: Error): Error[] {
  const causes = [error];
  for (let { cause } = error; isNativeError(cause) && causes.length < MOST_CAUSES; { cause } = cause) {
    causes.push(cause);
  }
  return causes;
}
