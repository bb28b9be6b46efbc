import { type ClientRequest, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Address } from './transport.js';

/** A message of a stream, as far as it is looked at. */
export interface Told {
  readonly messageType: string;
  readonly cursor?: string;
  readonly epoch?: string;
  readonly recovered?: boolean;
  readonly error?: string;
  readonly eventId?: string;
  readonly aggregateType?: string;
  readonly aggregateId?: string;
  readonly version?: number;
}

export interface Ask {
  readonly channel: string;
  readonly from?: string;
  readonly epoch?: string;
  readonly delivery: 'lossless' | 'latest';
}

/** By the library `ws`, by frames read by hand, or as Server-Sent Events. */
export type Way = 'ws' | 'frames' | 'events';

/** A connection that can be cut at any byte. */
export abstract class Line {
  /** Resolves with what the server said when it refused or closed; nothing if the line was cut or broke. */
  readonly over: Promise<string | undefined>;
  private settle!: (why?: string) => void;
  private isOver = false;

  /** @param bytes after which the line is cut, be it in the middle of a message */
  constructor(private readonly hear: (message: Told) => void, protected bytes: number) {
    this.over = new Promise((resolve) => (this.settle = resolve));
  }

  /** From this side, without a word. */
  cut(): void {
    this.ended();
    this.hangUp();
  }

  protected abstract hangUp(): void;

  protected say(text: string): void {
    if (!this.isOver) this.hear(JSON.parse(text) as Told);
  }

  protected ended(why?: string): void {
    this.isOver = true;
    this.settle(why);
  }

  /** What may still be read of a chunk; what comes after it is lost with the line. */
  protected within(chunk: Buffer): Buffer {
    const read = chunk.subarray(0, this.bytes);
    this.bytes -= read.length;
    return read;
  }
}

export function openLine(way: Way, to: Address, ask: Ask, hear: (message: Told) => void, bytes = Number.POSITIVE_INFINITY): Line {
  if (way === 'ws') return new LibraryLine(to, ask, hear);
  return way === 'frames' ? new FrameLine(to, ask, hear, bytes) : new EventLine(to, ask, hear, bytes);
}

class LibraryLine extends Line {
  private readonly socket: WebSocket;

  constructor(to: Address, ask: Ask, hear: (message: Told) => void) {
    super(hear, 0);
    this.socket = new WebSocket(`${to.url.replace('http', 'ws')}/ws`, { headers: { authorization: `Bearer ${to.token}` } });
    this.socket.on('open', () => this.socket.send(JSON.stringify({ action: 'subscribe', ...ask })));
    this.socket.on('message', (data: Buffer) => this.say(data.toString()));
    this.socket.on('unexpected-response', (_request, response) => {
      this.ended(`HTTP ${response.statusCode}`);
      this.socket.terminate();
    });
    this.socket.on('error', () => this.ended());
    this.socket.on('close', (code, reason) => this.ended(code === 1006 ? undefined : `${code} ${reason.toString()}`));
  }

  protected hangUp(): void {
    this.socket.terminate();
  }
}

const TEXT = 0x81;
const CLOSE = 0x88;

/** Of what the server sends only whole, unmasked frames are there: short ones, 16 and 64 bits long. */
class FrameLine extends Line {
  private readonly socket: Socket;
  private unread: Buffer = Buffer.alloc(0);
  private isUpgraded = false;

  constructor(to: Address, private readonly ask: Ask, hear: (message: Told) => void, bytes: number) {
    super(hear, bytes);
    const { hostname, port, host } = new URL(to.url);
    this.socket = connect(Number(port), hostname, () => this.socket.write([
      'GET /ws HTTP/1.1', `host: ${host}`, 'upgrade: websocket', 'connection: upgrade', 'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==', `authorization: Bearer ${to.token}`, '', '',
    ].join('\r\n')));
    this.socket.on('error', () => this.ended());
    this.socket.on('close', () => this.ended());
    this.socket.on('data', (chunk: Buffer) => {
      this.unread = Buffer.concat([this.unread, this.isUpgraded ? this.within(chunk) : chunk]);
      if (!this.isUpgraded) this.upgrade();
      while (this.isUpgraded && this.frame()) continue;
      if (this.bytes === 0) this.cut();
    });
  }

  protected hangUp(): void {
    this.socket.destroy();
  }

  private upgrade(): void {
    const end = this.unread.indexOf('\r\n\r\n');
    if (end < 0) return;
    const status = this.unread.toString('latin1', 9, 12);
    if (status !== '101') {
      this.ended(`HTTP ${status}`);
      this.hangUp();
      return;
    }
    this.isUpgraded = true;
    this.unread = this.within(this.unread.subarray(end + 4));
    this.socket.write(maskedFrame(JSON.stringify({ action: 'subscribe', ...this.ask })));
  }

  private frame(): boolean {
    const { unread } = this;
    if (unread.length < 2) return false;
    const short = unread[1]!;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (unread.length < head) return false;
    const length = short < 126 ? short : short === 126 ? unread.readUInt16BE(2) : Number(unread.readBigUInt64BE(2));
    if (unread.length < head + length) return false;
    const payload = unread.subarray(head, head + length);
    this.unread = unread.subarray(head + length);
    if (unread[0] === TEXT) this.say(payload.toString());
    if (unread[0] === CLOSE) {
      this.ended(`${payload.readUInt16BE(0)} ${payload.toString('utf8', 2)}`);
      this.hangUp();
    }
    return true;
  }
}

/** A frame as a client sends it; the mask is zero. */
function maskedFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([TEXT, 0x80 | 126, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0]), payload]);
}

class EventLine extends Line {
  private readonly asked: ClientRequest;
  private unread: Buffer = Buffer.alloc(0);

  constructor(to: Address, { channel, from, epoch, delivery }: Ask, hear: (message: Told) => void, bytes: number) {
    super(hear, bytes);
    const query = new URLSearchParams({ channel, delivery, ...(epoch !== undefined && { epoch }) });
    this.asked = request(`${to.url}/api/v1/stream?${query.toString()}`, {
      agent: false, headers: { authorization: `Bearer ${to.token}`, ...(from !== undefined && { 'last-event-id': from }) },
    });
    this.asked.on('error', () => this.ended());
    this.asked.on('response', (response) => {
      if (response.statusCode !== 200) {
        this.ended(`HTTP ${response.statusCode}`);
        this.hangUp();
      }
      response.on('error', () => this.ended());
      response.on('close', () => this.ended());
      response.on('data', (chunk: Buffer) => this.read(this.within(chunk)));
    });
    this.asked.end();
  }

  protected hangUp(): void {
    this.asked.destroy();
  }

  private read(chunk: Buffer): void {
    this.unread = Buffer.concat([this.unread, chunk]);
    for (let end = this.unread.indexOf('\n\n'); end >= 0; end = this.unread.indexOf('\n\n')) {
      const block = this.unread.toString('utf8', 0, end);
      this.unread = this.unread.subarray(end + 2);
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data === undefined) continue; // a comment
      if (block.startsWith('event: close')) this.ended(data);
      else this.say(data);
    }
    if (this.bytes === 0) this.cut();
  }
}
