setTimeout(async () => {
  await Promise.resolve();
}, 1);
