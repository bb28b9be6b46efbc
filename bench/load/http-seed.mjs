// Fills a service through its own door.
import { newIds } from '../lib/events.mjs';
import { expectStatus, openConnections, requestOf } from './http-connection.mjs';

const BATCH = 500;

/** A player whose state, as the service answers it, has about 1 KB. */
const state = (number) => ({
  name: `player-${number}`, level: 7, experience: 12_345, gold: 900, biography: 'z'.repeat(520),
  inventory: { sword: 1, shield: 2, potion: 17 }, position: { zone: 'harbour-17', x: 1024, y: -77, z: 3 },
});

export async function open({ port, token }) {
  const append = async (events) => {
    const [connection] = await openConnections(port, 1);
    for (let at = 0; at < events.length; at += BATCH) {
      const part = events.slice(at, at + BATCH);
      const body = JSON.stringify({ events: part });
      const answer = await connection.send(requestOf('POST', '/api/v1/events/batch', { token, body }));
      expectStatus(answer, 200);
      const { accepted, results } = JSON.parse(answer.body);
      if (accepted !== part.length) throw new Error(`seeding: ${JSON.stringify(results.find(({ code }) => code !== '201'))}`);
    }
    connection.close();
  };
  return {
    /** One stream of so many events that each count. @returns its id */
    async stream({ events }) {
      const [id] = newIds(1);
      await append(Array.from({ length: events }, (_, n) => ({
        eventType: 'Measured', aggregateType: 'player', aggregateId: id, eventData: { n, note: 'x'.repeat(240) },
      })));
      return id;
    },
    /** So many players of 1 KB state at version 1. @returns their ids */
    async players({ count }) {
      const ids = newIds(count);
      await append(ids.map((aggregateId, i) => ({
        eventType: 'PlayerCreated', aggregateType: 'player', aggregateId, eventData: state(i),
      })));
      return ids;
    },
  };
}
