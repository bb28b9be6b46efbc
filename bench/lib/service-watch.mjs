// Loaded into the measured service before it: nothing runs here until the harness asks, or is gone.

process.on('message', (asked) => {
  if (asked === 'memory') process.send(memory());
  else if (asked === 'cpu') process.send(process.cpuUsage());
});

/** After two collections: what finalizers of the first one let go is gone after the second. */
function memory() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage();
}

// A harness that was killed takes its service along.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));

// Neither of the two may keep the service from ending.
process.channel.unref();
