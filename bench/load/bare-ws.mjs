// What a live service is compared with: a `ws` server that keeps its sockets and does nothing else.
import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WebSocketServer } from 'ws';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

export async function open() {
  let frame = Buffer.alloc(0);
  const broadcast = (changes) => {
    const bytes = Buffer.concat(Array.from({ length: changes }, () => frame));
    // No compression, so that a frame may go to the socket as it is: what a loop over sockets costs at the least.
    for (const { _socket: socket } of sockets.clients) socket.write(bytes);
  };
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      broadcast(JSON.parse(Buffer.concat(chunks).toString()).changes);
      response.writeHead(200, { 'content-length': 2 }).end('ok');
    });
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (client) => client.on('message', onMessage));
  const port = await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
  return {
    port: async () => port,
    frame: async ({ text }) => { frame = frameOf(text); },
    async memory() {
      collect();
      collect();
      return process.memoryUsage();
    },
    cpu: async () => process.cpuUsage(),
  };
}

/** One function for all connections. Answers in the words of the service, of the same length. */
function onMessage(data) {
  const { id, channel } = JSON.parse(data.toString());
  const cursor = 'x'.repeat(30);
  this.send(JSON.stringify({ messageType: 'SUBSCRIBED', id, channel, cursor, epoch: 'x'.repeat(16), recovered: true }));
  this.send(JSON.stringify({ messageType: 'LIVE', channel, cursor }));
}

/** A message of 126 to 65,535 bytes as the frame of a server. */
function frameOf(text) {
  const payload = Buffer.from(text);
  const head = Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, payload]);
}
