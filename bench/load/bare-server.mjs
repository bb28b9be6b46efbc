// The limits of the machine: servers that do nothing but answer.
import { createServer } from 'node:http';
import fastify from 'fastify';

/**
 * Bare Fastify and bare node:http. GET / answers `body` with its content type and ETag; POST /append parses the body as JSON and
 * answers `appended`. No authentication, no logging, no validation.
 * @param {{ kind: 'fastify' | 'http', body?: string, appended?: string, etag?: string }} options
 */
export async function open({ kind, body = '', appended = '', etag = '"v1"' }) {
  const port = kind === 'fastify' ? await bareFastify({ body, appended, etag }) : await bareHttp({ body, etag });
  return { port: async () => port };
}

async function bareFastify({ body, appended, etag }) {
  const app = fastify();
  const bytes = Buffer.from(body);
  app.get('/', (_request, reply) => {
    void reply.header('content-type', 'application/json; charset=utf-8').header('etag', etag).send(bytes);
  });
  app.post('/api/v1/events', (request, reply) => {
    if (typeof request.body.eventData !== 'object') throw new Error('no event');
    void reply.code(201).header('content-type', 'application/json; charset=utf-8').send(appended);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return app.server.address().port;
}

function bareHttp({ body, etag }) {
  const bytes = Buffer.from(body);
  const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length, etag };
  const server = createServer((_request, response) => {
    response.writeHead(200, headers).end(bytes);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
}
