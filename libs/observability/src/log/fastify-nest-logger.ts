import { isNativeError } from 'node:util/types';
import type { LoggerService } from '@nestjs/common';
import type { FastifyBaseLogger } from 'fastify';

/** Where Nest tells at every start which modules and routes it found. */
const FRAMEWORK = new Set([
  'InstanceLoader', 'MiddlewareModule', 'NestApplication', 'NestFactory', 'RouterExplorer', 'RoutesResolver',
  'WebSocketsController',
]);

const STACK = /\n[ \t]+at /;

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/**
 * Nest's logger over Fastify's: the lines of Nest, and of every `Logger` of its, become records beside the others. What
 * the framework says of its own start goes to `debug`; its warnings and errors stay what they are.
 */
export class FastifyNestLogger implements LoggerService {
  constructor(private readonly logger: FastifyBaseLogger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write(FRAMEWORK.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  private write(level: Level, message: unknown, rest: unknown[]): void {
    const { context, stack, details } = told(rest);
    const said = typeof message === 'string' ? details : [message, ...details];
    const err = said.find((part) => isNativeError(part));
    const others = said.filter((part) => part !== err);
    const record = { context, err, stack, details: others.length > 0 ? others : undefined };
    this.logger[level](record, typeof message === 'string' ? message : err?.message);
  }
}

/** Nest appends a stack (if there is one) and the name of the speaker to what was said. */
function told(rest: unknown[]): { context?: string; stack?: string; details: unknown[] } {
  const details = rest.filter((part) => part !== undefined);
  const context = takeLast(details, (text) => !STACK.test(text));
  const stack = takeLast(details, (text) => STACK.test(text));
  return { context, stack, details };
}

function takeLast(parts: unknown[], fits: (text: string) => boolean): string | undefined {
  const last = parts.at(-1);
  if (typeof last !== 'string' || !fits(last)) return undefined;
  parts.pop();
  return last;
}
