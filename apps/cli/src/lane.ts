import { parentPort, workerData } from 'node:worker_threads';
import { beginAt, checkerOn } from '@app/integrity';
import { Client } from 'pg';
import type { LaneAnswer, LaneQuestion, LaneStart } from './lanes.js';

// What is thrown here ends the thread, and whoever waits for its answer gets the error.
const { url, snapshot } = workerData as LaneStart;
const client = new Client({ connectionString: url, application_name: 'gss-cli', connectionTimeoutMillis: 10_000, keepAlive: true });
await client.connect();
await beginAt(client, snapshot);
const check = checkerOn(client);
const answer = (message: LaneAnswer): void => parentPort!.postMessage(message);

parentPort!.on('message', ({ range, limit }: LaneQuestion) => {
  void check(range, limit, (events) => answer({ events })).then(answer, (error: unknown) => {
    process.nextTick(() => {
      throw error;
    });
  });
});
