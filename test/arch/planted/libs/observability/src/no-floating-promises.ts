async function save(): Promise<void> {
  await Promise.resolve();
}

save();
