import { ensureProgram } from './debian-package.mjs';
import startServer from './server.mjs';

/** Jest's global setup for specs that need a browser: Chromium beside the servers. */
export default async function setup() {
  process.env.GSS_TEST_CHROMIUM = ensureProgram('chromium', { elsewhere: 'or another way to have Chromium there by that name' });
  await startServer();
}
