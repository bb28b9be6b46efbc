// Many connections that write without a pause, and wait as long as a refusal says.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { EVENT_DATA, EVENT_TYPE, newIds } from '../lib/events.mjs';
import { spread } from '../lib/stats.mjs';
import { openConnections, requestOf } from './http-connection.mjs';

const DATA = JSON.stringify(EVENT_DATA);
const OPENED_AT_ONCE = 200;

/** @param {{ port: number, token: string, connections: number }} options */
export async function open({ port, token, connections }) {
  const sockets = [];
  while (sockets.length < connections) sockets.push(...await openConnections(port, Math.min(OPENED_AT_ONCE, connections - sockets.length)));
  const requests = newIds().map((id) => Buffer.from(requestOf('POST', '/api/v1/events', {
    token, body: `{"eventType":"${EVENT_TYPE}","aggregateType":"player","aggregateId":"${id}","eventData":${DATA}}`,
  })));
  let next = 0;
  return {
    /** @returns rate and times of what was accepted, and of what was refused */
    async flood({ inFlight, seconds }) {
      const took = { accepted: [], refused: [] };
      const begun = performance.now();
      const end = begun + seconds * 1000;
      await Promise.all(sockets.slice(0, inFlight).map(async (socket) => {
        for (let sent = performance.now(); sent < end; sent = performance.now()) {
          const { status, head, body } = await socket.send(requests[next++ % requests.length]);
          if (status !== 201 && status !== 503) throw new Error(`HTTP ${status}: ${body.toString().slice(0, 200)}`);
          took[status === 201 ? 'accepted' : 'refused'].push(performance.now() - sent);
          if (status === 503) await sleep(1000 * Number(/\r\nretry-after: *(\d+)/i.exec(head)[1]));
        }
      }));
      const passed = (performance.now() - begun) / 1000;
      const of = (times) => times.length === 0 ? undefined : { rate: times.length / passed, ...spread(times) };
      return { ...of(took.accepted), refused: of(took.refused) };
    },
  };
}
