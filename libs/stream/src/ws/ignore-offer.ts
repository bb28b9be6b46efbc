import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** Headers that speak of this hop's offer alone. */
const OF_THE_OFFER = ['upgrade', 'http2-settings'];

/**
 * Hands a request back to the HTTP server, without the protocol that its client would rather speak: such an offer may be ignored
 * (RFC 9110, 7.8), and clients of HTTP/2 without TLS make it with their first request. Node takes every request with an offer away
 * from HTTP once anybody listens for one.
 */
export function ignoreOffer(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]!;
    const value = withoutOffer(name.toLowerCase(), request.rawHeaders[i + 1]!);
    if (value !== '') lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

function withoutOffer(name: string, value: string): string {
  if (OF_THE_OFFER.includes(name)) return '';
  if (name !== 'connection') return value;
  return value.split(',').filter((option) => !OF_THE_OFFER.includes(option.trim().toLowerCase())).join(',').trim();
}
