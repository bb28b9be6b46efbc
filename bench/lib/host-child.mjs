// The other end of host.mjs.
let opened;

// Ctrl-C reaches the whole group of processes; the parent ends this one in its order.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));

process.on('message', ({ id, name, argument }) => {
  answer(name, argument).then(
    (result) => process.send({ id, result }),
    (error) => process.send({ id, failure: error instanceof Error ? (error.message || error.name) : String(error) }),
  );
});

async function answer(name, argument) {
  if (name !== 'open') return await opened[name](argument ?? {});
  opened = await (await import(argument.module)).open(argument.options);
  return undefined;
}
