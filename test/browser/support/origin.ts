import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request as ask, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { extname, join } from 'node:path';
import { ROOT } from '../../e2e/support/client-build.js';

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/** A proxy in front of the service that also has the example and the built client: one origin, as a page has it in the wild. */
export class Origin {
  url = '';
  private readonly server = createServer((request, response) => void this.answer(request, response));
  private readonly tunnels = new Set<Socket>();

  constructor(private readonly service: string) {}

  async start(): Promise<void> {
    this.server.on('upgrade', (request, socket: Socket) => this.tunnel(request, socket));
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.cut();
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  /** Breaks every WebSocket. */
  cut(): void {
    for (const socket of this.tunnels) socket.destroy();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    if (path.startsWith('/api/')) return this.forward(request, response);
    const file = path.startsWith('/client/') ? join('libs/client/dist', path.slice('/client/'.length)) : join('examples/browser', path);
    const bytes = await readFile(join(ROOT, file)).catch(() => undefined);
    response.writeHead(bytes ? 200 : 404, { 'content-type': TYPES[extname(file)] ?? 'text/plain' });
    response.end(bytes);
  }

  private forward(request: IncomingMessage, response: ServerResponse): void {
    const { url, method, headers } = request;
    const forwarded = ask(`${this.service}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  }

  /** The handshake as it came, then the bytes of both sides. */
  private tunnel({ method, url, rawHeaders }: IncomingMessage, socket: Socket): void {
    const { port, hostname } = new URL(this.service);
    const upstream = connect(Number(port), hostname);
    const headers = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
    upstream.write(`${method} ${url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
    for (const [from, to] of [[socket, upstream], [upstream, socket]] as const) {
      this.tunnels.add(from);
      from.on('error', () => to.destroy()).on('close', () => {
        this.tunnels.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
