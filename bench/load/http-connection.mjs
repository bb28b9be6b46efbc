import { connect } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * One keep-alive connection to 127.0.0.1 with one request in flight (pipelining 1). It reads what a benchmark needs of HTTP/1.1
 * (status, Content-Length), so that it takes as little as possible of the cores that it shares with what it measures.
 */
export class HttpConnection {
  #socket;
  #rest;
  #waiting;

  /** @returns {Promise<HttpConnection>} */
  static open(port) {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new HttpConnection(socket));
      });
    });
  }

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /**
   * @param {string | Buffer} request head and body as they go over the wire
   * @returns {Promise<{ status: number, head: string, body: Buffer }>} `body` is a view that the next answer may overwrite
   */
  send(request) {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new Error('the connection is closed'));
        return;
      }
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close() {
    this.#socket.destroy();
  }

  #read(chunk) {
    if (!this.#waiting) {
      this.#socket.destroy(new Error('an answer that nobody asked for'));
      return;
    }
    const data = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    const end = data.indexOf(HEAD_END);
    if (end >= 0) {
      const head = data.latin1Slice(0, end);
      const length = lengthOf(head);
      if (Number.isNaN(length)) {
        this.#socket.destroy(new Error('an answer without Content-Length'));
        return;
      }
      const start = end + HEAD_END.length;
      if (data.length >= start + length) {
        this.#rest = undefined;
        const { resolve } = this.#waiting;
        this.#waiting = undefined;
        resolve({ status: Number(head.slice(9, 12)), head, body: data.subarray(start, start + length) });
        return;
      }
    }
    this.#rest = data;
  }

  #fail(error) {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

/** NaN where the length is told in another way than by Content-Length. */
function lengthOf(head) {
  const found = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (found) return Number(found[1]);
  const status = head.slice(9, 12);
  return status === '204' || status === '304' ? 0 : Number.NaN;
}

/** A request as text. */
export function requestOf(method, path, { token, body, key } = {}) {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1'];
  if (token) lines.push(`Authorization: Bearer ${token}`);
  if (key) lines.push(`Idempotency-Key: ${key}`);
  if (body !== undefined) lines.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

/** So many open connections. */
export function openConnections(port, count) {
  return Promise.all(Array.from({ length: count }, () => HttpConnection.open(port)));
}

/** Throws with the server's own words unless the status is the expected one. */
export function expectStatus({ status, body }, expected) {
  if (status !== expected) throw new Error(`HTTP ${status} instead of ${expected}: ${body.toString().slice(0, 200)}`);
}
