import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@app/testing';
import { ServiceError } from '@app/kernel';
import { AnsweredLines, type IngestLimits, type LineAnswer } from './answered-lines.js';
import type { Line } from './line-splitter.js';

const LIMITS: IngestLimits = { maxLineBytes: 1000, maxInFlight: 8, maxBytesHeld: 4000, idleMs: 60_000 };
/** For what is about clients that are idle: on a busy machine any client may be, for as long. */
const IMPATIENT: IngestLimits = { ...LIMITS, idleMs: 300 };

describe('AnsweredLines over a socket', () => {
  let server: Server;
  let stream: AnsweredLines;
  let taken: number;
  let limits: IngestLimits;
  let answer: (line: Line) => Promise<LineAnswer>;
  let refusal: ServiceError | undefined;
  beforeEach(async () => {
    taken = 0;
    limits = LIMITS;
    refusal = undefined;
    answer = ({ number }) => Promise.resolve({ text: JSON.stringify({ index: number }), accepted: true });
    server = createServer((incoming, response) => {
      stream = new AnsweredLines(incoming, {
        answer: (line) => {
          taken += 1;
          return answer(line);
        },
        refusal: () => refusal,
      }, limits);
      stream.on('error', () => response.destroy()).on('close', () => stream.readableEnded || response.destroy());
      response.flushHeaders();
      stream.pipe(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** @param first comes with the headers, before anybody can be called idle */
  const open = async (first?: string): Promise<{ write: (text: string, whenTaken?: () => void) => void; end: () => void; response: IncomingMessage }> => {
    const sent = request({ port: (server.address() as AddressInfo).port, method: 'POST', agent: false }).on('error', () => undefined);
    if (first === undefined) sent.flushHeaders();
    else sent.write(first);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { write: (text, whenTaken) => sent.write(text, whenTaken), end: () => sent.end(), response };
  };
  const textOf = async (response: IncomingMessage): Promise<string> => {
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return text;
  };

  it('keeps the order of the lines, whatever the order in which they are answered, and takes a window of them', async () => {
    const waiting: (() => void)[] = [];
    answer = ({ number }) => new Promise((resolve) =>
      waiting.push(() => resolve({ text: String(number), accepted: number % 2 === 0 })));
    const { write, end, response } = await open();
    write('x\n'.repeat(20));
    end();
    const text = textOf(response);
    await eventually(() => expect(waiting).toHaveLength(8));
    for (let left = 20; left > 0; left -= 1) {
      await eventually(() => expect(waiting.length).toBeGreaterThan(0));
      waiting.pop()!(); // the newest first
    }
    expect(await text).toBe(`${Array.from({ length: 20 }, (_, i) => `${i}\n`).join('')}{"done":true,"accepted":10,"refused":10}\n`);
  });

  it('ends a client that sends nothing with a line that says so', async () => {
    limits = IMPATIENT;
    const { response } = await open('x\n');
    expect(await textOf(response)).toMatch(/^\{"index":0\}\n\{"done":false,"accepted":1,.*"nextIndex":1,"error":"REQUEST_TIMEOUT",.*\}\n$/);
  });

  it('does not blame the client for a line that the database keeps waiting', async () => {
    limits = IMPATIENT;
    let settle = (): void => undefined;
    answer = () => new Promise((resolve) => (settle = () => resolve({ text: 'late', accepted: true })));
    const { end, response } = await open('x\n');
    end();
    const begun = performance.now();
    await eventually(() => expect(performance.now() - begun).toBeGreaterThan(3 * IMPATIENT.idleMs));
    settle();
    expect(await textOf(response)).toBe('late\n{"done":true,"accepted":1,"refused":0}\n');
  });

  it('cuts a client that does not read, and holds no more than its bound meanwhile', async () => {
    limits = IMPATIENT;
    const long = 'x'.repeat(900);
    let settled = 0;
    answer = () => Promise.resolve({ text: long, accepted: true }).finally(() => (settled += 1));
    const { write, response } = await open();
    response.socket.pause();
    const feed = (): void => write(`${long}\n`.repeat(100), feed);
    feed();
    await eventually(() => expect(stream.destroyed).toBe(true));
    expect(stream.readableLength).toBeLessThan(128 * 1024);
    expect(settled).toBe(taken);
  });

  it('refuses a line that is too long and answers the next', async () => {
    answer = ({ bytes }) => Promise.resolve({ text: String(bytes?.length), accepted: bytes !== undefined });
    const { write, end, response } = await open();
    write(`${'x'.repeat(5000)}\nabc\n`);
    end();
    expect(await textOf(response)).toBe('undefined\n3\n{"done":true,"accepted":1,"refused":1}\n');
  });

  it('breaks off without a last line when an answer fails against the rules', async () => {
    answer = () => Promise.reject(new Error('broken'));
    const { write, response } = await open();
    write('x\n');
    await expect(textOf(response)).rejects.toThrow();
  });

  it('takes no line from the one on before which it is refused, nor any that waits for room', async () => {
    const waiting: (() => void)[] = [];
    answer = ({ number }) => new Promise((resolve) => waiting.push(() => resolve({ text: String(number), accepted: true })));
    const { write, end, response } = await open();
    write('x\n'.repeat(20));
    end();
    await eventually(() => expect(waiting).toHaveLength(8));
    refusal = new ServiceError('UNAUTHENTICATED', 'revoked');
    for (const settle of waiting) settle();
    expect(await textOf(response)).toMatch(/^(\d\n){8}\{"done":false,"accepted":8,"refused":0,"nextIndex":8,"error":"UNAUTHENTICATED","code":"401","message":"revoked"\}\n$/);
    expect(taken).toBe(8);
  });

  it('takes no line after it was stopped', async () => {
    const { write, response } = await open();
    write('x\n');
    await eventually(() => expect(taken).toBe(1));
    stream.stop(new ServiceError('SERVICE_UNAVAILABLE', 'enough'));
    write('x\nx\n');
    expect(await textOf(response)).toMatch(/\{"done":false,"accepted":1,"refused":0,"nextIndex":1,.*"message":"enough"\}\n$/);
    expect(taken).toBe(1);
  });
});
