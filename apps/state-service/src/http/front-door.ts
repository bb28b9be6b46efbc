import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Shortcut } from '@app/game-state';
import type { HttpWatch } from '@app/observability';
import type { FastifyServerOptions } from 'fastify';

/**
 * What stands before Fastify: a request is answered by `shortcut` where that can, else `watch` sees it go on. Both are there
 * once the application is, which is before it listens.
 */
export class FrontDoor {
  watch: HttpWatch | undefined;
  shortcut: Shortcut = () => false;

  /** Fastify's `serverFactory`. It is Fastify's own way to make a server, but for the listener: it leaves timeouts to a factory. */
  readonly serve = (handler: RequestListener, options: FastifyServerOptions): Server => {
    const server = createServer((options as { http?: object }).http ?? {}, (raw: IncomingMessage, response: ServerResponse) => {
      if (this.shortcut(raw, response)) return;
      this.watch?.begin(raw, response);
      handler(raw, response);
    });
    server.on('connection', (socket) => this.watch?.opened(socket));
    server.keepAliveTimeout = options.keepAliveTimeout!;
    server.requestTimeout = options.requestTimeout!;
    return server;
  };
}
