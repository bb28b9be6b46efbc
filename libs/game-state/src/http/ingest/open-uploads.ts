import type { Duplex, Readable } from 'node:stream';
import { ServiceError } from '@app/kernel';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AnsweredLines, type Answerer } from './answered-lines.js';

/** How long a shutdown waits for the clients to read their last answers, in ms. */
const PATIENCE_MS = 4000;
/** How long a client that was told the end may go on sending before its connection is closed, in ms. */
const LINGER_MS = 2000;

/** Sockets of the uploads that are open in this process. */
const uploading = new WeakSet<Duplex>();

/**
 * Whether a streamed upload is coming in on this socket: it may take longer than any request may otherwise, and has its own
 * watch over idle clients.
 */
export function isUploading(socket: Duplex): boolean {
  return uploading.has(socket);
}

/** The streamed uploads of this process. A shutdown ends them with a last line that says so. */
@Injectable()
export class OpenUploads implements OnModuleDestroy {
  private readonly open = new Map<AnsweredLines, Promise<void>>();
  private closing = false;

  /** The answers to the lines of an upload, to be sent as they come. */
  start(request: FastifyRequest, reply: FastifyReply, answerer: Answerer): Readable {
    if (this.closing) throw shuttingDown();
    const { socket } = request.raw;
    const lines = new AnsweredLines(request.raw, answerer);
    uploading.add(socket);
    // A client may want to see the status before it sends its first line.
    reply.raw.once('pipe', () => reply.raw.flushHeaders());
    request.raw.once('close', () => uploading.delete(socket));
    // A client may have left while its token was looked at; there is no second `close` to wait for.
    const left = reply.raw.closed ? Promise.resolve() : new Promise<void>((resolve) => reply.raw.once('close', resolve));
    this.open.set(lines, left);
    void left.then(() => this.open.delete(lines));
    reply.raw.once('finish', () => {
      if (!request.raw.complete) closeSoon(request);
    });
    return lines;
  }

  /** Before the server closes: it would wait for the end of every upload. */
  async onModuleDestroy(): Promise<void> {
    this.closing = true;
    const patience = setTimeout(() => {
      for (const lines of this.open.keys()) lines.destroy();
    }, PATIENCE_MS);
    for (const lines of this.open.keys()) lines.stop(shuttingDown());
    await Promise.all(this.open.values());
    clearTimeout(patience);
  }
}

/** At once, the bytes that still arrive would reset the connection and could take the last answers with them. */
function closeSoon({ raw }: FastifyRequest): void {
  const timer = setTimeout(() => raw.socket.destroy(), LINGER_MS);
  const close = (): void => {
    clearTimeout(timer);
    raw.socket.end();
  };
  raw.once('end', close).socket.once('close', () => clearTimeout(timer));
}

function shuttingDown(): ServiceError {
  return new ServiceError(
    'SERVICE_UNAVAILABLE', 'the service is shutting down; lines without an answer were not taken', undefined, 1);
}
