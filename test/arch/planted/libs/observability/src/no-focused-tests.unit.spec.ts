it.only('runs alone', () => {
  expect(1).toBe(1);
});
