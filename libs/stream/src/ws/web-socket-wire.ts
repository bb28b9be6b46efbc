import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Parcel } from '../engine/message.js';
import { type Wire, writeTogether } from '../engine/wire.js';

/**
 * A WebSocket whose frames are made by us, once for all receivers, and written to its socket. That is sound as long as there is
 * no compression: `ws` then writes its own frames, pongs and closes, in one go as well.
 */
export class WebSocketWire implements Wire {
  constructor(private readonly client: WebSocket, private readonly socket: Duplex) {}

  write(parcels: readonly Parcel[]): boolean {
    if (parcels.length === 1) return this.socket.write(parcels[0]!.webSocket);
    return writeTogether(this.socket, parcels.map(({ webSocket }) => webSocket));
  }

  drained(then: () => void): void {
    this.socket.once('drain', then);
  }

  ping(): void {
    this.client.ping();
  }

  pong(data: Buffer): boolean {
    this.client.pong(data);
    return !this.socket.writableNeedDrain;
  }

  close(code: number, reason: string): void {
    this.client.close(code, reason);
  }

  destroy(): void {
    this.client.terminate();
  }
}
