import { CliError } from './cli-error.js';
import { readCommandLine } from './command-line.js';
import { readEnvironment } from './environment.js';
import { Output } from './output.js';
import { explainService, Service } from './service.js';

const COULD_NOT_RUN = 2;

async function run(args: readonly string[]): Promise<number> {
  const environment = readEnvironment();
  const service = new Service(environment);
  try {
    const asked = await readCommandLine(args);
    if ('usage' in asked) {
      process.stdout.write(`${asked.usage}\n`);
      return 0;
    }
    return await asked.command.run(asked.given, { environment, service, output: new Output(asked.given.json) });
  } catch (error) {
    const told = explainService(error, environment.serviceUrl);
    const line = told?.line ?? (error instanceof CliError ? error.message : error instanceof Error ? error.stack : String(error));
    process.stderr.write(`${line}\n`);
    return told?.exitCode ?? COULD_NOT_RUN;
  } finally {
    service.close();
  }
}

// A reader that has seen enough, as `head` does, closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
process.exitCode = await run(process.argv.slice(2));
