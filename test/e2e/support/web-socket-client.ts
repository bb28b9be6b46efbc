import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { Inbox, type Told } from './inbox.js';

export interface Dial {
  /** Default `/ws`. */
  readonly path?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
}

export interface Refusal {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Readonly<Record<string, unknown>>;
}

/** A client of the streams over WebSocket that does as it is told. */
export class WebSocketClient extends Inbox {
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(readonly socket: WebSocket) {
    super();
    socket.on('message', (data: Buffer) => this.put(JSON.parse(data.toString()) as Told));
    socket.on('error', () => undefined); // the close tells
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  static async open(url: string, dial: Dial): Promise<WebSocketClient> {
    const client = new WebSocketClient(socketTo(url, dial));
    await once(client.socket, 'open');
    return client;
  }

  say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Subscribes; resolves with all up to `LIVE`, or up to the refusal. */
  async subscribe(channel: string, more: object = {}): Promise<Told[]> {
    this.say({ action: 'subscribe', channel, ...more });
    const told: Told[] = [];
    do told.push(await this.next()); while (!['LIVE', 'ERROR'].includes(told.at(-1)!.messageType));
    return told;
  }

  /** Asks for a sign of life: what was said before is in. Resolves with what came before it. */
  async heard(): Promise<Told[]> {
    this.say({ action: 'ping', id: 'heard' });
    return (await this.until('PONG')).slice(0, -1);
  }

  async hangUp(): Promise<void> {
    this.socket.close(1000);
    await this.closed;
  }
}

/** The answer to an upgrade that is refused. */
export async function refusalOf(url: string, dial: Dial): Promise<Refusal> {
  const socket = socketTo(url, dial);
  socket.on('error', () => undefined);
  const opened = once(socket, 'open').then(() => { throw new Error('the upgrade was let through'); });
  const [, response] = await Promise.race([once(socket, 'unexpected-response'), opened]) as [unknown, IncomingMessage];
  opened.catch(() => undefined);
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  socket.terminate();
  return { status: response.statusCode!, headers: response.headers, body: JSON.parse(text) as Refusal['body'] };
}

function socketTo(url: string, { path = '/ws', token, headers = {}, protocols = [] }: Dial): WebSocket {
  return new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, [...protocols], {
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
  });
}
