/** A mistake of whoever runs the command, or something it needs that is not there: one line, and exit code 2. */
export class CliError extends Error {
  override readonly name = 'CliError';
}
