import type { Socket } from 'node:net';
import type { Parcel } from './message.js';

/** The way to one client: a WebSocket or a stream of events. */
export interface Wire {
  /** Sends, in one go where it can. False if the client does not keep up: more is not sent before `drained`. */
  write(parcels: readonly Parcel[]): boolean;
  /** Calls back, once, when what was written is out. */
  drained(then: () => void): void;
  /** A sign of life; something comes back from a client that lives. */
  ping(): void;
  /** Answers a ping of the client. False as with `write`. */
  pong(data: Buffer): boolean;
  /** @param retryAfterMs when the client may come back, where that is to be told */
  close(code: number, reason: string, retryAfterMs?: number): void;
  /** For a client that does not answer. */
  destroy(): void;
}

/** Writes buffers to a socket with one system call. False if they did not all go out. */
export function writeTogether(socket: Pick<Socket, 'write' | 'cork' | 'uncork' | 'writableNeedDrain'>, buffers: readonly Buffer[]): boolean {
  if (buffers.length === 1) return socket.write(buffers[0]!);
  socket.cork();
  for (const buffer of buffers) socket.write(buffer);
  socket.uncork();
  return !socket.writableNeedDrain;
}
