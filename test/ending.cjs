const PATIENCE_MS = 15_000;

/**
 * A reporter for jest: what a spec left open, a socket say, keeps jest's process alive for ever after the last test. It is
 * named, and the process ends as the tests did.
 */
module.exports = class Ending {
  onRunComplete(_contexts, { success }) {
    setTimeout(() => {
      process.stderr.write(`The tests left this open: ${process.getActiveResourcesInfo().join(', ')}\n`);
      process.exit(success ? 0 : 1);
    }, PATIENCE_MS).unref();
  }
};
