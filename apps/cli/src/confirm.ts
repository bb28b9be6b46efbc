import { createInterface } from 'node:readline/promises';
import { CliError } from './cli-error.js';

/**
 * Whether the number that is asked for was typed. Standard input may be a pipe as well.
 * @throws CliError where nothing was typed at all
 */
export async function confirmed(question: string, number: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const ended = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
    const typed = await Promise.race([lines.question(question), ended]);
    if (typed === undefined) throw new CliError(`Nothing was typed, so nothing was changed: say --confirm ${number}`);
    return typed.trim() === number;
  } finally {
    lines.close();
  }
}
