import type { Command, Context, ExitCode } from '../command.js';
import type { Given } from '../given.js';

const MOST_FINDINGS = 1_000_000;
const MOST_LANES = 64;

export const verifyCommands: readonly Command[] = [{
  name: 'verify', summary: 'checks the whole log, its states and its signed roots; exit code 1: something was found',
  options: {
    roots: { value: 'file', help: 'roots that were exported before: finds also what was changed in the table of roots' },
    'public-key': { value: 'file', multiple: true, help: 'PEM of a key that roots are signed with; may be given again. Default: that of the signing key here' },
    limit: { value: 'n', help: 'findings after which it stops (1000)' },
    lanes: { value: 'n', help: 'threads (half as many as the machine has processors, 8 at most)' },
  },
  run,
}];

/** The log's own code is loaded when there is something to do: it takes a second, for which --help would wait. */
async function run(given: Given, { environment, output }: Context): Promise<ExitCode> {
  const asked = {
    roots: given.text('roots'), publicKeys: given.all('public-key'), limit: given.whole('limit', MOST_FINDINGS) ?? 1_000,
    lanes: given.whole('lanes', MOST_LANES),
  };
  const [{ withDatabase }, { report, runVerify }] = await Promise.all([import('../database.js'), import('../verification.js')]);
  const result = await withDatabase(environment, (url) => runVerify(asked, environment, url));
  output.document(result, () => report(result));
  return result.findings.length > 0 ? 1 : 0;
}
