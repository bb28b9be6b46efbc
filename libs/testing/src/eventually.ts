/**
 * Tries an expectation again until it holds.
 * @param withinMs after this time the last failure is thrown; long, for a machine that is busy with other things
 */
export async function eventually<T>(expectation: () => T | Promise<T>, withinMs = 60_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await expectation();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
