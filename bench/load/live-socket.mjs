import { connect } from 'node:net';

/** Where the bytes of all sockets are read to: what a socket must keep it copies. */
const INTO = Buffer.allocUnsafe(256 * 1024);
const HEAD_END = '\r\n\r\n';
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
/** Where the kind begins in `{"messageType":"LIVE"`. */
const KIND = '{"messageType":"'.length;
const [L, E, R, S, T] = Buffer.from('LERST');

/**
 * A WebSocket client (RFC 6455) with as little as ten thousand of them in one process bear: it goes through frames by their lengths,
 * answers pings, and looks at the first letters of a message to tell its kind.
 */
export class LiveSocket {
  #socket;
  #rest;
  #upgraded = false;
  #lives = 0;
  #waiting;

  /** @param {{ port: number, token: string, listener: { changed(data: Buffer, start: number, end: number): void, read(): void, closed(why: string): void } }} of */
  constructor({ port, token, listener }) {
    this.listener = listener;
    this.#socket = connect({
      port, host: '127.0.0.1', noDelay: true,
      onread: { buffer: INTO, callback: (length, buffer) => this.#read(buffer.subarray(0, length)) },
    });
    this.#socket.on('error', (error) => this.#end(error.message));
    this.#socket.on('close', () => this.#end('the server closed the connection'));
    this.#socket.write(`GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`
      + `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ${token}${HEAD_END}`);
  }

  /** Resolves when the server has upgraded. */
  opened() {
    return this.#wait(() => this.#upgraded);
  }

  /** Resolves when all of these are live. */
  subscribe(channels) {
    const lives = this.#lives + channels.length;
    this.#socket.cork();
    for (const channel of channels) this.#socket.write(maskedFrame(TEXT, Buffer.from(JSON.stringify({ action: 'subscribe', id: 1, channel }))));
    this.#socket.uncork();
    return this.#wait(() => this.#lives >= lives);
  }

  /** Reads no more. */
  stop() {
    this.listener = undefined;
    this.#socket.pause();
  }

  close() {
    this.#waiting = undefined;
    this.listener = undefined;
    this.#socket.destroy();
  }

  #wait(done) {
    return new Promise((resolve, reject) => { this.#waiting = { done, resolve, reject }; });
  }

  #read(chunk) {
    const data = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    const at = this.#frames(data, this.#upgraded ? 0 : this.#head(data));
    this.#rest = at < data.length ? Buffer.from(data.subarray(at)) : undefined;
    if (this.#waiting?.done()) {
      this.#waiting.resolve();
      this.#waiting = undefined;
    }
    this.listener?.read();
    return true;
  }

  /** @returns where the frames begin, or 0 where the head is not whole yet */
  #head(data) {
    const end = data.indexOf(HEAD_END);
    if (end < 0) return 0;
    this.#upgraded = data.latin1Slice(9, 12) === '101';
    if (!this.#upgraded) this.#end(`the upgrade was refused: ${data.latin1Slice(0, 400)}`);
    return end + HEAD_END.length;
  }

  /** @returns where the first frame begins that is not whole */
  #frames(data, from) {
    let at = from;
    while (this.#upgraded && data.length - at >= 2) {
      let length = data[at + 1];
      let start = at + 2;
      if (length >= 126) {
        start += length === 126 ? 2 : 8;
        if (data.length < start) break;
        length = length === 126 ? data.readUInt16BE(at + 2) : data.readUInt32BE(at + 6);
      }
      const end = start + length;
      if (data.length < end) break;
      this.#frame(data[at] & 15, data, start, end);
      at = end;
    }
    return at;
  }

  #frame(kind, data, start, end) {
    if (kind === TEXT) this.#message(data, start, end);
    else if (kind === PING) this.#socket.write(maskedFrame(10, data.subarray(start, end)));
    else if (kind === CLOSE) this.#end(`the server closed with ${end - start >= 2 ? data.readUInt16BE(start) : 'no code'}`);
  }

  #message(data, start, end) {
    const [first, second] = [data[start + KIND], data[start + KIND + 1]];
    if (first === S && second === T) this.listener?.changed(data, start, end);
    else if (first === L) this.#lives += 1;
    else if (first === E || first === R) this.#end(data.toString('utf8', start, end));
  }

  #end(why) {
    this.#waiting?.reject(new Error(why));
    this.#waiting = undefined;
    const { listener } = this;
    this.listener = undefined;
    listener?.closed(why);
  }
}

/** A client's frame; masked with zeros, which leaves the bytes as they are. Of 65,535 bytes at most. */
function maskedFrame(kind, payload) {
  const { length } = payload;
  const head = length < 126 ? [0x80 | kind, 0x80 | length] : [0x80 | kind, 0x80 | 126, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]);
}
