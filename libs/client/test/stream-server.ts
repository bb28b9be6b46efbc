import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { AggregateState, AggregateType, JsonObject } from '../src/index.js';
import type { ClientMessage, ServerMessage, StateChanged } from '../src/live/protocol.js';
import { applyChanges } from '../src/merge-patch.js';

type Subscribe = ClientMessage & { action: 'subscribe' };
type Committed = Omit<StateChanged, 'channel' | 'cursor'>;
export type Refusal = { readonly error: string; readonly code: string; readonly message: string };
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: JsonObject;
}

/** The live protocol over a log in memory, on a port of this machine, with the ways to go wrong that a network has. */
export class StreamServer {
  epoch = 'epoch-1';
  /** Cursors before this one are out of reach. */
  horizon = 0;
  /** How many messages before its cursor a resumption repeats. */
  overlap = 0;
  /** Takes messages and answers none. */
  mute = false;
  /** The token that opens a connection, or buys a ticket; undefined: any. */
  validToken: string | undefined;
  /** Whether a subscription to this channel is cut right after SUBSCRIBED. */
  cutsAtOnce: ((channel: string) => boolean) | undefined;
  refuseSubscribe: ((message: Subscribe) => Refusal | undefined) | undefined;
  /** What requests over HTTP are answered with; undefined: as if nobody had asked. */
  http: ((asked: Asked) => Promise<Reply | undefined> | Reply | undefined) | undefined;
  connections = 0;
  sent = 0;
  readonly received: ClientMessage[] = [];
  readonly tokens: string[] = [];
  url = '';
  private readonly log: Committed[] = [];
  private readonly states = new Map<string, AggregateState>();
  private readonly subscribed = new Map<WebSocket, Set<string>>();
  private readonly web = createServer((request, response) => void this.answer(request, response));
  private readonly sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'gss.v1' });

  static async start(): Promise<StreamServer> {
    const server = new StreamServer();
    server.web.on('upgrade', (request, socket, head) => {
      const token = tokenOf(request);
      server.tokens.push(token);
      if (server.validToken !== undefined && token !== server.validToken) {
        socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        return;
      }
      server.sockets.handleUpgrade(request, socket, head, (webSocket) => server.accept(webSocket));
    });
    server.web.listen(0, '127.0.0.1');
    await once(server.web, 'listening');
    server.url = `http://127.0.0.1:${(server.web.address() as AddressInfo).port}`;
    return server;
  }

  get open(): number {
    return this.subscribed.size;
  }

  get subscribes(): Subscribe[] {
    return this.received.filter((message) => message.action === 'subscribe');
  }

  /** Adds a change to the log and sends it to whoever is subscribed. */
  commit(type: AggregateType, id: string, changes: JsonObject, { deleted = false } = {}): AggregateState {
    const key = `${type}/${id}`;
    const before = this.states.get(key);
    const data = deleted ? {} : applyChanges(before?.data ?? {}, changes);
    const state: AggregateState = { aggregateType: type, aggregateId: id, version: (before?.version ?? 0) + 1, data };
    this.states.set(key, state);
    const resolved = Object.fromEntries(Object.keys(changes).map((name) => [name, data[name] ?? null]));
    this.log.push({
      messageType: 'STATE_CHANGED', timestamp: new Date().toISOString(), eventId: `event-${this.log.length}`, eventType: 'StatePatched',
      aggregateType: type, aggregateId: id, version: state.version, changes: resolved, ...(deleted ? { deleted } : {}),
    });
    for (const [socket, channels] of this.subscribed) {
      for (const channel of channels) this.sendChange(socket, channel, this.log.length - 1);
    }
    return state;
  }

  state(channel: string): AggregateState | null {
    return this.states.get(channel) ?? null;
  }

  /** Sends a message to all who are subscribed to its channel; `ends`: that ends the subscription. */
  tell(message: ServerMessage & { channel: string }, { ends = false } = {}): void {
    for (const [socket, channels] of this.subscribed) {
      if (!channels.has(message.channel)) continue;
      this.send(socket, message);
      if (ends) channels.delete(message.channel);
    }
  }

  /** Closes all connections with a code, or breaks them without one. */
  cut(code?: number, reason?: string): void {
    for (const socket of this.subscribed.keys()) {
      if (code === undefined) socket.terminate();
      else socket.close(code, reason);
    }
    this.subscribed.clear();
  }

  /** Begins again with an empty log, as after a restore. */
  restore(epoch: string): void {
    this.epoch = epoch;
    this.log.length = 0;
    this.states.clear();
    this.cut();
  }

  async stop(): Promise<void> {
    this.cut();
    const closed = new Promise((resolve) => this.web.close(resolve)); // also of one that was closed before
    this.web.closeAllConnections();
    await closed;
  }

  private accept(socket: WebSocket): void {
    this.connections += 1;
    this.subscribed.set(socket, new Set());
    socket.on('close', () => this.subscribed.delete(socket));
    // oxlint-disable-next-line typescript/no-base-to-string -- a text frame comes as a Buffer
    socket.on('message', (data) => this.take(socket, JSON.parse(data.toString()) as ClientMessage));
  }

  private take(socket: WebSocket, message: ClientMessage): void {
    this.received.push(message);
    const channels = this.subscribed.get(socket);
    if (this.mute || !channels) return;
    if (message.action === 'ping') return this.send(socket, { messageType: 'PONG', id: message.id });
    if (message.action === 'subscribe') return this.subscribe(socket, channels, message);
    channels.delete(message.channel);
    this.send(socket, { messageType: 'UNSUBSCRIBED', id: message.id, channel: message.channel });
  }

  private subscribe(socket: WebSocket, channels: Set<string>, message: Subscribe): void {
    const refusal = this.refuseSubscribe?.(message);
    const { id, channel, from, epoch, snapshot } = message;
    if (refusal) return this.send(socket, { messageType: 'ERROR', id, ...refusal });
    const head = this.log.length;
    const place = from === undefined ? undefined : Number(from);
    const recovered = place === undefined || (place >= this.horizon && epoch === this.epoch);
    this.send(socket, { messageType: 'SUBSCRIBED', id, channel, cursor: from ?? String(head), epoch: this.epoch, recovered });
    if (this.cutsAtOnce?.(channel)) return this.send(socket, { messageType: 'RESYNC_REQUIRED', channel, cursor: from ?? String(head) });
    if ((snapshot === true || !recovered) && !channel.endsWith('/*')) {
      this.send(socket, { messageType: 'SNAPSHOT', channel, cursor: String(head), state: this.state(channel) });
    }
    const first = place === undefined || !recovered ? head : Math.max(0, place - this.overlap);
    for (let index = first; index < head; index += 1) this.sendChange(socket, channel, index);
    this.send(socket, { messageType: 'LIVE', channel, cursor: String(head) });
    channels.add(channel);
  }

  private sendChange(socket: WebSocket, channel: string, index: number): void {
    const change = this.log[index]!;
    if (![`${change.aggregateType}/${change.aggregateId}`, `${change.aggregateType}/*`].includes(channel)) return;
    this.send(socket, { ...change, channel, cursor: String(index + 1) });
  }

  private send(socket: WebSocket, message: ServerMessage): void {
    this.sent += 1;
    socket.send(JSON.stringify(message));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
    const body = (text ? JSON.parse(text) : {}) as JsonObject;
    const asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
    const reply = asked.path === '/api/v1/stream/tickets' ? this.ticket(asked) : await this.http?.(asked);
    if (!reply) return void response.destroy();
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(reply.body === undefined ? undefined : JSON.stringify(reply.body));
  }

  private ticket({ headers }: Asked): Reply {
    const token = headers.authorization?.replace('Bearer ', '') ?? '';
    if (this.validToken !== undefined && token !== this.validToken) {
      return { status: 401, body: { error: 'UNAUTHENTICATED', code: '401', message: 'no', timestamp: '' } };
    }
    return { status: 201, body: { ticket: token, expiresAt: '' } };
  }
}

/** From the subprotocol, or from a ticket, which here is the token that bought it. */
function tokenOf(request: IncomingMessage): string {
  const ticket = new URL(request.url ?? '', 'http://here').searchParams.get('ticket');
  return ticket ?? /bearer\.([^,\s]+)/.exec(request.headers['sec-websocket-protocol'] ?? '')?.[1] ?? '';
}
