// Appends over HTTP, one process for all rows that do.
import { randomUUID } from 'node:crypto';
import { drive } from '../lib/drive.mjs';
import { EVENT_DATA, EVENT_TYPE, newIds, Streams } from '../lib/events.mjs';
import { expectStatus, openConnections, requestOf } from './http-connection.mjs';

const DATA = JSON.stringify(EVENT_DATA);
const eventOf = (id, expectedVersion) => `{"eventType":"${EVENT_TYPE}","aggregateType":"player","aggregateId":"${id}",${
  expectedVersion === undefined ? '' : `"expectedVersion":${expectedVersion},`}"eventData":${DATA}}`;

/** @param {{ port: number, token: string }} service */
export async function open({ port, token }) {
  const streams = new Streams();
  const [hot] = newIds(1);
  const post = (path, body, key) => requestOf('POST', path, { token, body, key });
  const over = async (inFlight, use) => {
    const connections = await openConnections(port, inFlight);
    try {
      return await use(connections);
    } finally {
      for (const connection of connections) connection.close();
    }
  };
  return {
    single: ({ inFlight, seconds, receipts = false }) => over(inFlight, (connections) => drive({
      inFlight, seconds, one: (worker) => streams.withNext(async (id, version) =>
        expectStatus(await connections[worker].send(post(
          '/api/v1/events', eventOf(id, version), receipts ? randomUUID() : undefined)), 201)),
    })),
    hot: ({ inFlight, seconds }) => over(inFlight, (connections) => drive({
      inFlight, seconds, one: async (worker) =>
        expectStatus(await connections[worker].send(post('/api/v1/events', eventOf(hot))), 201),
    })),
    batch: ({ inFlight, size, seconds }) => over(inFlight, (connections) => drive({
      inFlight, seconds, weight: size, one: (worker) => streams.withSome(size, async (taken) => {
        const events = taken.map(({ id, version }) => eventOf(id, version));
        expectBatch(await connections[worker].send(post('/api/v1/events/batch', `{"events":[${events.join()}]}`)), size);
      }),
    })),
  };
}

/** A batch counts only when each of its events was appended. */
function expectBatch(answer, size) {
  expectStatus(answer, 200);
  const { accepted, results } = JSON.parse(answer.body);
  if (accepted === size) return;
  const refused = results.find(({ code }) => code !== '201');
  throw new Error(`only ${accepted} of ${size} events of a batch were appended: ${JSON.stringify(refused)}`);
}
