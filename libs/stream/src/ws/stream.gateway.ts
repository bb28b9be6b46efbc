import type { Duplex } from 'node:stream';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import type { RawData, ServerOptions, WebSocket } from 'ws';
import { type Admitted, Streams } from '../engine/streams.js';
import type { Session } from '../engine/session.js';
import { CLOSE } from '../protocol/close-codes.js';
import type { Subscribe } from '../protocol/requests.js';
import { PROTOCOL } from '../stream-access.js';
import { WebSocketWire } from './web-socket-wire.js';

/** An upgrade that was let in. */
export interface Upgraded {
  readonly socket: Duplex;
  readonly admitted: Admitted;
  /** What the path subscribes to. */
  readonly subscribe: Subscribe | null;
}

const OPTIONS: ServerOptions & { path: string } = {
  path: '/ws',
  // Compression costs 200 KB a connection, and every receiver its own bytes.
  perMessageDeflate: false,
  clientTracking: false,
  // `ws` would answer any number of them, and keep the answers for who does not read.
  autoPong: false,
  maxPayload: 64 * 1024,
  maxFragments: 128,
  maxBufferedChunks: 1_024,
  handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
};

/**
 * The sessions over WebSocket. Nest hands the connections over here; the messages do not go through its pipeline, which would
 * cost each connection several observables.
 */
@WebSocketGateway(OPTIONS)
export class StreamGateway implements OnGatewayConnection<WebSocket> {
  private readonly sessions = new WeakMap<WebSocket, Session>();
  private readonly onMessage: (this: WebSocket, data: RawData, isBinary: boolean) => void;
  private readonly onPing: (this: WebSocket, data: Buffer) => void;
  private readonly onPong: (this: WebSocket) => void;
  private readonly onClose: (this: WebSocket, code: number) => void;

  constructor(private readonly streams: Streams) {
    const { sessions } = this;
    // One function for all connections.
    this.onMessage = function onMessage(data, isBinary) {
      const session = sessions.get(this)!;
      if (isBinary) session.close(CLOSE.binary, 'only text is taken');
      else streams.receive(session, data as Buffer);
    };
    this.onPing = function onPing(data) {
      streams.pinged(sessions.get(this)!, data);
    };
    this.onPong = function onPong() {
      const session = sessions.get(this)!;
      if (session.isOpen) session.heardAtMs = performance.now();
    };
    this.onClose = function onClose(code) {
      streams.closed(sessions.get(this)!, code);
    };
  }

  handleConnection(client: WebSocket, { socket, admitted, subscribe }: Upgraded): void {
    const session = this.streams.open(admitted, new WebSocketWire(client, socket));
    this.sessions.set(client, session);
    client.on('message', this.onMessage);
    client.on('ping', this.onPing);
    client.on('pong', this.onPong);
    client.on('close', this.onClose);
    if (subscribe) void this.streams.subscribe(session, subscribe);
  }
}

