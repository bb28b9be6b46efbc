/** Jest's global teardown: runs once a project, in the process of the setup. */
export default async function teardown() {
  const running = globalThis.gssTestServer;
  if (!running) return;
  globalThis.gssTestServer = undefined;
  await running.stop();
  await running.remove();
}
