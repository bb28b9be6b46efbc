import { readConfig, StartError } from '../../../state-service/src/config.js';
import { type Check, fail, ok, warn } from './check.js';

/** The variables of this environment by the service's own schema. */
export function checkConfiguration(env: NodeJS.ProcessEnv): Check[] {
  try {
    const { region, workers } = readConfig(env);
    return [ok('configuration', `valid: region ${region}, ${workers} ${workers === 1 ? 'process' : 'processes'}`)];
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    if (error.variables.length > 0) return error.variables.map((wrong) => fail('configuration', wrong, 'correct or unset the variable'));
    return [warn('configuration', error.message, 'matters only where the service is started with these variables')];
  }
}
