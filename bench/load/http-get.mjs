// GETs over HTTP, one process for all rows that do; the ceiling of this generator is its rate against bare node:http.
import { drive } from '../lib/drive.mjs';
import { expectStatus, openConnections, requestOf } from './http-connection.mjs';

export async function open() {
  return {
    /** Goes through `paths` one after another. @param {{ port: number, token?: string, paths: string[], bytes?: number }} of */
    async get({ port, token, paths, bytes, inFlight, seconds }) {
      const requests = paths.map((path) => Buffer.from(requestOf('GET', path, { token })));
      const connections = await openConnections(port, inFlight);
      let next = 0;
      const one = async (worker) => {
        const answer = await connections[worker].send(requests[next++ % requests.length]);
        expectStatus(answer, 200);
        if (bytes !== undefined && answer.body.length !== bytes) throw new Error(`${answer.body.length} bytes instead of ${bytes}`);
      };
      try {
        return await drive({ inFlight, seconds, one });
      } finally {
        for (const connection of connections) connection.close();
      }
    },
    /** Every path so many times. */
    async visit({ port, token, paths, inFlight, times }) {
      const connections = await openConnections(port, inFlight);
      let next = 0;
      await Promise.all(connections.map(async (connection) => {
        while (next < paths.length * times) {
          expectStatus(await connection.send(requestOf('GET', paths[next++ % paths.length], { token })), 200);
        }
        connection.close();
      }));
    },
    /** The bytes of one answer, for the bare servers to send. */
    async fetch({ port, token, path }) {
      const [connection] = await openConnections(port, 1);
      const answer = await connection.send(requestOf('GET', path, { token }));
      connection.close();
      expectStatus(answer, 200);
      return { head: answer.head, body: answer.body.toString() };
    },
  };
}
