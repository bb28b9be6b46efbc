// A worker's program: a whole instance of the service on a port it shares. The primary (main.ts) starts and ends it.
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Config, readConfig } from '../config.js';
import { Lifecycle } from '../lifecycle.js';
import { fail } from '../start/ending.js';
import { explainFully } from '../start/explain.js';
import type { Assignment, Order, Word } from './messages.js';
import { Siblings } from './siblings.js';

/** Less than the primary takes: PostgreSQL has to end after the workers. */
const DRAIN_LIMIT_MS = 9_000;

const siblings = new Siblings(tell);
let assign: (assignment: Assignment) => void = () => undefined;
const assigned = new Promise<Assignment>((resolve) => (assign = resolve));
let app: NestFastifyApplication | undefined;
let lifecycle: Lifecycle | undefined;
let ending = false;

function tell(word: Word, told?: () => void): void {
  // Without its primary, Node ends a worker: there is nobody to miss the word.
  process.send?.(word, undefined, undefined, told);
}

/** A terminal's Ctrl-C reaches the primary and its workers: being told twice is nothing; only the primary uses force. */
function drain(): void {
  if (ending) return;
  ending = true;
  if (lifecycle) lifecycle.phase = 'draining';
  setTimeout(() => fail(`The shutdown of worker ${process.pid} took too long and was cut`), DRAIN_LIMIT_MS).unref();
  Promise.resolve(app?.close()).then(
    () => process.exit(0), (error: unknown) => fail(`The shutdown of worker ${process.pid} failed: ${String(error)}`));
}

async function serve(config: Config): Promise<void> {
  const [assignment, { createApp }] = await Promise.all([assigned, import('../app.js')]);
  const { port, startedAt, databaseUrl, jwtKey } = assignment;
  lifecycle = new Lifecycle(startedAt);
  if (ending) lifecycle.phase = 'draining';
  app = await createApp({ ...config, databaseUrl, jwtKey }, lifecycle, siblings);
  if (ending) return;
  await app.listen(port, config.host);
  lifecycle.phase = ending ? 'draining' : 'ready';
  tell({ kind: 'ready', url: await app.getUrl(), port: (app.getHttpServer().address() as AddressInfo).port });
}

async function main(): Promise<void> {
  let config: Config | undefined;
  try {
    config = readConfig();
    await serve(config);
  } catch (error) {
    if (ending) return;
    // The primary says it: one line, however many workers fail of the same.
    const line = explainFully(error, config && { ...config, databaseUrl: (await assigned).databaseUrl });
    tell({ kind: 'failed', line }, () => process.exit(1));
  }
}

process.on('message', (order: Order) => {
  switch (order.kind) {
    case 'assigned': return assign(order.assignment);
    case 'drain': return drain();
    case 'report':
    case 'gathered': return void siblings.take(order);
  }
});
process.on('SIGTERM', drain);
process.on('SIGINT', drain);
tell({ kind: 'present' });
await main();
