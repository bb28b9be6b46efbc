import { NotSignable, RootsChanged, RootWitness, signRoots, storedRoots, toLine } from '@app/integrity';
import { CliError } from './cli-error.js';
import type { Context, ExitCode } from './command.js';
import { withClient, withDatabase } from './database.js';
import { ownSigningKey } from './keys.js';

/** Signs what no root covers yet, and prints each root. The service's file of roots is only read: it takes these up by itself. */
export async function sign(asked: { every: number; remainder: boolean }, { environment, output }: Context): Promise<ExitCode> {
  let signed = 0;
  await withDatabase(environment, (url) => withClient(url, async (client) => {
    try {
      const key = await ownSigningKey(environment);
      await new RootWitness(environment.rootsFile).compare(client);
      for await (const root of signRoots(client, { key, ...asked })) {
        signed += 1;
        output.item(root, () => toLine(root));
      }
    } catch (error) {
      throw error instanceof NotSignable || error instanceof RootsChanged ? new CliError(error.message) : error;
    }
  }));
  output.note(signed === 0 ? 'Nothing to sign' : `Signed ${signed} roots`);
  return 0;
}

/** Prints all roots. */
export async function exportAll({ environment, output }: Context): Promise<ExitCode> {
  await withDatabase(environment, (url) => withClient(url, async (client) => {
    for await (const root of storedRoots(client)) output.item(root, () => toLine(root));
  }));
  return 0;
}
