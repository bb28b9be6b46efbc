import type { Command, Context, ExitCode } from '../command.js';
import type { Given } from '../given.js';
import type { Check } from '../doctor/check.js';
import { checkConfiguration } from '../doctor/check-configuration.js';
import { checkDatabase } from '../doctor/check-database.js';
import { checkDisk, checkNode } from '../doctor/check-machine.js';
import { checkRedis } from '../doctor/check-redis.js';
import { checkOperation, checkService } from '../doctor/check-service.js';
import { table } from '../table.js';

export const doctorCommands: readonly Command[] = [{
  name: 'doctor', summary: 'looks at everything that the service needs and says what to do; exit code 1: something fails', run: examine,
}];

async function examine(_given: Given, { service, environment, output }: Context): Promise<ExitCode> {
  const reach = await checkService(service);
  const answers = reach.every(({ check, status }) => check !== 'service' || status !== 'fail');
  const checks: Check[] = [
    checkNode(), ...checkConfiguration(environment.ofService), ...reach, ...(answers ? await checkOperation(service) : []),
    ...await checkDatabase(environment), ...await checkRedis(environment.ofService['REDIS_URL']), ...await checkDisk(environment.dataDir),
  ];
  const isSound = checks.every(({ status }) => status !== 'fail');
  output.document({ sound: isSound, checks }, () => linesOf(checks));
  return isSound ? 0 : 1;
}

function linesOf(checks: readonly Check[]): string[] {
  const count = (wanted: Check['status']): number => checks.filter(({ status }) => status === wanted).length;
  return [
    ...table(['', 'check', 'found'], checks.map(({ status, check, found, advice }) => [status, check, advice === undefined ? found : `${found}: ${advice}`])),
    `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} to mend`,
  ];
}
