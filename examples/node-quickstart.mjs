// npm run build:client, npm start, then:  TOKEN=$(npm run -s token -- --role service) node examples/node-quickstart.mjs
// Elsewhere: import { createClient } from '@global-state-service/client'
import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { ApiError, createClient } from '../libs/client/dist/index.js';

const { SERVICE_URL = 'http://127.0.0.1:8087', TOKEN = '' } = process.env;
const client = createClient({ url: SERVICE_URL, token: TOKEN, WebSocket }); // from Node 22 on without WebSocket
const id = randomUUID();

// Create: version 0 means "must not exist yet".
await client.update('player', id, { level: 1, gold: 100 }, { expectedVersion: 0 });

// Add without reading first. If the answer gets lost it is sent again, and still counts once.
await client.patch('player', id, { gold: { $inc: 25 } });

// Read, decide, write; again if somebody else was faster.
await client.updateWith('player', id, ({ data }) => (data.gold >= 100 ? { level: data.level + 1, gold: data.gold - 100 } : undefined));
console.log('state', (await client.state('player', id)).data); // { gold: 25, level: 2 }

// A version that is no longer the current one is refused.
try {
  await client.update('player', id, { level: 9 }, { expectedVersion: 1 });
} catch (error) {
  if (!(error instanceof ApiError)) throw error;
  console.log('refused', error.error, error.details); // VERSION_CONFLICT { expectedVersion: 1, currentVersion: 3 }
}

// Watch: the state first, then every change, across lost connections.
for await (const message of client.watch(`player/${id}`, { snapshot: true })) {
  if (message.type === 'snapshot') console.log('watching from version', message.state.version);
  if (message.type === 'live') await client.publish({ eventType: 'PlayerLevelUp', aggregateType: 'player', aggregateId: id, eventData: { level: 3 } });
  if (message.type === 'change') {
    console.log('change', message.version, message.eventType, message.changes); // 4 PlayerLevelUp { level: 3 }
    break; // ends the watch, and with the last watch the connection
  }
}

for await (const event of client.events('player', id)) console.log('event', event.eventVersion, event.eventType);
