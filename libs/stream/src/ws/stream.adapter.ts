import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ServiceError } from '@app/kernel';
import type { INestApplicationContext } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { type ServerOptions, WebSocketServer } from 'ws';
import { Streams } from '../engine/streams.js';
import { authorizeChannel } from '../protocol/access.js';
import { STREAM_PORTS, type StreamPorts } from '../ports.js';
import { StreamAccess } from '../stream-access.js';
import { ignoreOffer } from './ignore-offer.js';
import { subscriptionOf } from './paths.js';
import type { Upgraded } from './stream.gateway.js';

/**
 * Nest's adapter for `ws`, with a door of our own: who comes is authenticated before the upgrade, so that a refusal is an HTTP
 * answer, and on all paths under `/ws`.
 */
export class StreamAdapter extends WsAdapter {
  private readonly server: Server;
  private readonly refused: (socket: Duplex, refusal: ServiceError, request: IncomingMessage, subject?: string) => void;
  private leave = (): void => undefined;

  constructor(private readonly app: INestApplicationContext & { getHttpServer(): Server }) {
    super(app);
    this.server = app.getHttpServer();
    const { errorBody, say, refused } = this.app.get<StreamPorts>(STREAM_PORTS, { strict: false });
    this.refused = (socket, refusal, request, subject) => {
      answer(socket, refusal, JSON.stringify(errorBody(refusal)));
      const [path] = request.url!.split('?');
      refused?.({ refusal, request, ...(subject !== undefined && { subject }) });
      say('warn', `a WebSocket was refused: ${refusal.status} ${refusal.error} (${refusal.message}) for ${path}`);
    };
  }

  override create(_port: number, options: ServerOptions): WebSocketServer {
    const sockets = this.bindErrorHandler(new WebSocketServer({ ...options, path: undefined, noServer: true })) as WebSocketServer;
    const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (request.headers.upgrade?.toLowerCase() !== 'websocket') return ignoreOffer(this.server, request, socket, head);
      socket.on('error', destroy);
      let subject: string | undefined;
      this.admit(request, socket, (known) => (subject = known)).then(
        (upgraded) => {
          // From here on `ws` listens. A listener that stays costs each connection what it can reach.
          socket.off('error', destroy);
          sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, upgraded));
        },
        (error: unknown) => this.refused(socket, error instanceof ServiceError ? error : unexpected(error), request, subject),
      );
    };
    this.server.on('upgrade', upgrade);
    this.leave = () => this.server.off('upgrade', upgrade);
    return sockets;
  }

  /**
   * The gateway listens to its clients itself, with functions that all of them share: Nest's observables would cost each connection
   * more memory than all the rest of it.
   */
  override bindMessageHandlers(): void {}
  override bindClientDisconnect(): void {}

  /** The sessions were closed with a hint; what is left of the handshake is `ws`' own business. */
  override async close(sockets: WebSocketServer): Promise<void> {
    await new Promise<void>((resolve) => sockets.close(() => resolve()));
  }

  override async dispose(): Promise<void> {
    this.leave();
    await super.dispose();
  }

  /** @param known is told who it is, once that is sure */
  private async admit(request: IncomingMessage, socket: Duplex, known: (subject: string) => void): Promise<Upgraded> {
    const url = urlOf(request);
    const subscribe = url && subscriptionOf(url);
    if (!url || subscribe === undefined) throw new ServiceError('ROUTE_NOT_FOUND', 'There is no such route');
    const admitted = await this.app.get(StreamAccess, { strict: false }).admit(request.headers, url.searchParams);
    known(admitted.principal.subject);
    if (subscribe) authorizeChannel(admitted.principal, subscribe.channel);
    this.app.get(Streams, { strict: false }).assertRoom(admitted.principal);
    return { socket, admitted, subscribe };
  }
}

function destroy(this: Duplex): void {
  this.destroy();
}

function urlOf({ url = '' }: IncomingMessage): URL | undefined {
  return URL.canParse(url, 'ws://here') ? new URL(url, 'ws://here') : undefined;
}

function unexpected(error: unknown): ServiceError {
  return Object.assign(new ServiceError('INTERNAL_ERROR', 'Something went wrong inside the service'), { cause: error });
}

function answer(socket: Duplex, { status, retryAfterSeconds }: ServiceError, body: string): void {
  if (!socket.writable) return;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'connection: close', 'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    ...(status === 401 ? ['www-authenticate: Bearer realm="state-service"'] : []),
    ...(retryAfterSeconds === undefined ? [] : [`retry-after: ${retryAfterSeconds}`]),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

