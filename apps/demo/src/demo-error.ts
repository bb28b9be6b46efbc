/** Why the demo cannot go on, as one line for whoever started it. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}
