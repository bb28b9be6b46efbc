import { generateSecret, signToken } from '@app/auth';
import { createTestDatabase } from '@app/testing';
import { EventSourceClient } from './support/event-source-client.js';
import { Program } from './support/process.js';
import { WebSocketClient } from './support/web-socket-client.js';

const JWT_SECRET = generateSecret();
const TOKEN = signToken(JWT_SECRET, { sub: 'spec', roles: ['service'] }, 600);

it('SIGTERM closes every stream with 1012 and a time to come back after, spread, and ends with 0', async () => {
  const db = await createTestDatabase();
  const service = new Program('main', { DATABASE_URL: db.url, JWT_SECRET, PORT: '0', LOG_LEVEL: 'error' });
  const url = await service.listening();
  const sockets = await Promise.all(Array.from({ length: 20 }, () => WebSocketClient.open(url, { token: TOKEN })));
  for (const socket of sockets) await socket.subscribe('player/*');
  const events = await EventSourceClient.open(url, 'channel=player/*', { token: TOKEN });
  await events.until('LIVE');
  // One that neither reads nor answers does not hold the end back.
  const deaf = await WebSocketClient.open(url, { token: TOKEN });
  deaf.socket.pause();
  service.signal('SIGTERM');
  const farewells = await Promise.all([...sockets, events].map(({ closed }) => closed));
  const waits = farewells.map((farewell) => {
    expect(farewell).toMatchObject({ code: 1012 });
    return (JSON.parse(farewell!.reason) as { retryAfterMs: number }).retryAfterMs;
  });
  for (const wait of waits) {
    expect(wait).toBeGreaterThanOrEqual(0);
    expect(wait).toBeLessThanOrEqual(5_000);
  }
  expect(new Set(waits).size).toBeGreaterThan(10);
  expect(events.retryMs).toBe(waits.at(-1));
  expect([await service.ended, service.output]).toEqual([0, expect.not.stringMatching(/error/i)]);
  deaf.socket.terminate();
  await db.drop();
});
