import { ensureBuilt } from '../apps/state-service/build.mjs';

/** Jest's global setup for specs that run the built service as a process of its own. */
export default function setup() {
  ensureBuilt();
}
