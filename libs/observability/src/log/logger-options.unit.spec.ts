import fc from 'fast-check';
import fastify, { type FastifyBaseLogger } from 'fastify';
import { FastifyNestLogger } from './fastify-nest-logger.js';
import { loggerOptions, type LogLevelName } from './logger-options.js';

function logTo(lines: string[], level: LogLevelName = 'info', pretty = false): FastifyBaseLogger {
  const stream = { write: (line: string) => void lines.push(line) };
  return fastify({ logger: { ...loggerOptions(level, { pretty }), stream } }).log;
}

function recordOf(write: (log: FastifyBaseLogger) => void, level?: LogLevelName): Record<string, unknown> {
  const lines: string[] = [];
  write(logTo(lines, level));
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0]!);
}

const ONE_LINE = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*\n$/u;

describe('loggerOptions', () => {
  it('writes JSON with an ISO time, the level as a word and the service', () => {
    const record = recordOf((log) => log.warn({ a: 1 }, 'hello'));
    expect(record).toMatchObject({ level: 'warn', service: 'global-state-service', pid: process.pid, a: 1 });
    expect(record.msg).toBe('hello');
    expect(new Date(String(record.time)).toISOString()).toBe(record.time);
  });

  it('keeps to its level', () => {
    const lines: string[] = [];
    const log = logTo(lines, 'warn');
    log.info('no');
    log.error('yes');
    expect(lines).toHaveLength(1);
  });

  it('blacks out credentials', () => {
    const headers = { authorization: 'Bearer sesame', cookie: 'sesame', 'set-cookie': ['sesame'], accept: 'text/html' };
    const lines: string[] = [];
    const log = logTo(lines);
    log.info({ headers, other: { headers } });
    log.info({ other: { headers: { 'proxy-authorization': 'sesame', 'idempotency-key': 'sesame' } } });
    expect(lines.join('')).not.toContain('sesame');
    expect(JSON.parse(lines[0]!)).toMatchObject({ headers: { authorization: '[redacted]', accept: 'text/html' } });
  });

  it('tells an error with its code and causes, and nothing else of it', () => {
    const cause = Object.assign(new Error('socket'), { code: 'ECONNREFUSED' });
    const error = Object.assign(new TypeError('query failed', { cause }), { code: '57P01', parameters: ['sesame'] });
    const { err } = recordOf((log) => log.error({ err: error }, 'x'));
    expect(err).toMatchObject({ type: 'TypeError', message: 'query failed', code: '57P01' });
    expect(JSON.stringify(err)).toMatch(/query failed.*caused by: Error: socket/);
    expect(JSON.stringify(err)).not.toContain('sesame');
  });

  it('survives an error that is none, and causes in a circle', () => {
    const circle = new Error('round');
    circle.cause = circle;
    expect(recordOf((log) => log.error({ err: circle }, 'x')).err).toMatchObject({ message: 'round' });
    expect(recordOf((log) => log.error({ err: 'a string' }, 'x')).err).toMatchObject({ message: 'a string' });
  });

  it('keeps any record on one line, without losing a character', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (message, value) => {
      const lines: string[] = [];
      logTo(lines).info({ value, nested: { [value]: value } }, message);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(ONE_LINE);
      expect(JSON.parse(lines[0]!)).toMatchObject({ value, msg: message });
    }));
  });

  it.each(['\r\n', '\u001b[2K\u001b[1A', '\u2028', '\u0085', '\u009b2K'])('is not faked by %j', (evil) => {
    const fake = '{"level":"info","msg":"all is well"}';
    const lines: string[] = [];
    const log = logTo(lines);
    log.warn({ url: evil + fake }, evil + fake);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(ONE_LINE);
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'warn', msg: evil + fake });
  });
});

describe('pretty lines', () => {
  const prettyOf = (write: (log: FastifyBaseLogger) => void) => {
    const lines: string[] = [];
    write(logTo(lines, 'info', true));
    return lines.join('');
  };

  it('are for people', () => {
    expect(prettyOf((log) => log.info({ status: 404, reason: 'no such state' }, 'request refused')))
      .toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}request refused status=404 reason="no such state"\n$/);
  });

  it('cannot be split or coloured by what is logged', () => {
    const line = prettyOf((log) => log.info({ a: 'x\n12:00:00.000 INFO  fake' }, 'b\r\n\u001b[31mfake\u2028'));
    expect(line).toMatch(ONE_LINE);
    expect(line).toContain('b\\u000d\\u000a\\u001b[31mfake\\u2028');
  });

  it('show a stack indented, whatever is in it', () => {
    const error = new Error('bad\n12:00:00.000 INFO  fake \u001b[31m');
    const [head, ...stack] = prettyOf((log) => log.error({ err: error }, 'failed')).trimEnd().split('\n');
    expect(head).toMatch(/ERROR failed$/);
    expect(stack.length).toBeGreaterThan(2);
    expect(stack.every((line) => line.startsWith('    '))).toBe(true);
    expect(stack.join('')).not.toContain('\u001b');
  });
});

describe('FastifyNestLogger', () => {
  const said = (write: (log: FastifyNestLogger) => void, level: LogLevelName = 'trace') =>
    recordOf((log) => write(new FastifyNestLogger(log)), level);

  it('makes records of lines', () => {
    expect(said((log) => log.log('hello', 'Feed'))).toMatchObject({ level: 'info', msg: 'hello', context: 'Feed' });
    expect(said((log) => log.warn('careful'))).toMatchObject({ level: 'warn', msg: 'careful' });
    expect(said((log) => log.debug('d', 'X'))).toMatchObject({ level: 'debug', context: 'X' });
    expect(said((log) => log.verbose('v', 'X'))).toMatchObject({ level: 'trace', context: 'X' });
    expect(said((log) => log.fatal('f', 'X'))).toMatchObject({ level: 'fatal', context: 'X' });
  });

  it('sends the chatter of a start to debug, but no warning', () => {
    expect(said((log) => log.log('Mapped {/livez, GET} route', 'RouterExplorer'))).toMatchObject({ level: 'debug' });
    expect(said((log) => log.warn('odd route', 'RouterExplorer'))).toMatchObject({ level: 'warn' });
  });

  it('finds errors and stacks where Nest puts them', () => {
    const error = new Error('boom');
    expect(said((log) => log.error(error, 'Feed')))
      .toMatchObject({ msg: 'boom', context: 'Feed', err: { message: 'boom' } });
    expect(said((log) => log.error('failed', error.stack, 'Feed')))
      .toMatchObject({ msg: 'failed', context: 'Feed', stack: error.stack });
    const alone = said((log) => log.error('failed', error.stack));
    expect(alone).toMatchObject({ msg: 'failed', stack: error.stack });
    expect(alone).not.toHaveProperty('context');
    expect(said((log) => log.error('failed', undefined, 'Feed'))).toMatchObject({ msg: 'failed', context: 'Feed' });
    expect(said((log) => log.error('failed', error, 'Feed')))
      .toMatchObject({ msg: 'failed', context: 'Feed', err: { message: 'boom' } });
  });

  it('keeps what else was said', () => {
    const details = [{ position: 7 }];
    expect(said((log) => log.log({ position: 7 }, 'Feed'))).toMatchObject({ context: 'Feed', details });
    expect(said((log) => log.log('at', { position: 7 }, 'Feed'))).toMatchObject({ msg: 'at', details });
  });
});
