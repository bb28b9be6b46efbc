import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { OpenUploads } from './open-uploads.js';

const answerer = { answer: () => Promise.resolve({ text: '', accepted: true }), refusal: () => undefined };

describe('the open uploads', () => {
  it('do not wait, when the service stops, for a client that left before its upload began', async () => {
    const uploads = new OpenUploads();
    const fastify = Fastify();
    fastify.addContentTypeParser('application/x-ndjson', (_request, upload, done) => done(null, upload));
    const begun = new Promise<void>((resolve) => {
      fastify.post('/', async (incoming, reply) => {
        sent.destroy();
        if (!reply.raw.closed) await once(reply.raw, 'close'); // as if its token took that long
        const answers = uploads.start(incoming, reply, answerer);
        resolve();
        return answers;
      });
    });
    await fastify.listen({ port: 0, host: '127.0.0.1' });
    const { port } = fastify.server.address() as AddressInfo;
    const sent = request({ port, method: 'POST', agent: false, headers: { 'content-type': 'application/x-ndjson' } }).on('error', () => undefined);
    sent.flushHeaders();
    await begun;
    await uploads.onModuleDestroy();
    await fastify.close();
  });
});
