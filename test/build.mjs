import { ensureBuilt } from '../apps/state-service/build.mjs';
import { ensureRedisServer } from './redis-server.mjs';

/** Jest's global setup for specs that run the built service as a process of its own, some of them with a Redis. */
export default function setup() {
  ensureBuilt();
  ensureRedisServer();
}
