import type { ServerResponse } from 'node:http';
import type { Parcel } from '../engine/message.js';
import { type Wire, writeTogether } from '../engine/wire.js';

/** A stream of events (HTML, 9.2) as the answer to a request. */
export class ServerSentWire implements Wire {
  constructor(private readonly response: ServerResponse) {}

  write(parcels: readonly Parcel[]): boolean {
    return writeTogether(this.response, parcels.map(({ serverSent }) => serverSent));
  }

  drained(then: () => void): void {
    this.response.once('drain', then);
  }

  /** A comment: it keeps proxies from closing, and shows whether somebody is still there. */
  ping(): void {
    this.response.write(':\n\n');
  }

  /** Nothing comes in on such a stream, pings neither. */
  pong(): boolean {
    return true;
  }

  close(code: number, reason: string, retryAfterMs?: number): void {
    const retry = retryAfterMs === undefined ? '' : `retry: ${retryAfterMs}\n`;
    this.response.end(`${retry}event: close\ndata: ${JSON.stringify({ code, reason })}\n\n`);
  }

  destroy(): void {
    this.response.destroy();
  }
}
