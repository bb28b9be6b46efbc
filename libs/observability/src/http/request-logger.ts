import type { FastifyBaseLogger } from 'fastify';

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
type Entry = [first: unknown, ...rest: unknown[]];

/**
 * The logger of one request. Its child of the application's logger is made when something is logged: almost no request does,
 * and the making costs 2 to 5 µs (docs/decisions/0011).
 */
export class RequestLogger {
  private made: FastifyBaseLogger | undefined;

  constructor(
    private readonly parent: FastifyBaseLogger, private readonly bindings: object,
    private readonly options: Parameters<FastifyBaseLogger['child']>[1],
  ) {}

  get level(): string {
    return this.parent.level;
  }

  fatal(...entry: Entry): void {
    this.write('fatal', entry);
  }

  error(...entry: Entry): void {
    this.write('error', entry);
  }

  warn(...entry: Entry): void {
    this.write('warn', entry);
  }

  info(...entry: Entry): void {
    this.write('info', entry);
  }

  debug(...entry: Entry): void {
    this.write('debug', entry);
  }

  trace(...entry: Entry): void {
    this.write('trace', entry);
  }

  silent(): void {
    // Writes nothing, as the level of this name has it.
  }

  child(...how: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return this.own.child(...how);
  }

  private write(level: Level, entry: Entry): void {
    (this.own[level] as (...entry: Entry) => void)(...entry);
  }

  private get own(): FastifyBaseLogger {
    return (this.made ??= this.parent.child(this.bindings, this.options));
  }
}
