import { AGGREGATE_TYPES, type AggregateType } from '@app/kernel';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ROLES, type Role, signToken } from '@app/auth';
import { type Config, readConfig, StartError } from './config.js';
import { secretFile } from './start/local-secret.js';

const USAGE = `Prints a token: npm run -s token -- --role admin [--role viewer] [--sub me] [--player <uuid>]
  [--types player,guild] [--hours 24]
Roles: ${ROLES.join(', ')}. Signs with JWT_SECRET, else with the secret that the first npm start made.`;

function main(): string {
  const { values } = parseArgs({
    options: {
      role: { type: 'string', multiple: true }, sub: { type: 'string' }, player: { type: 'string' },
      types: { type: 'string' }, hours: { type: 'string', default: '24' }, help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help || !values.role) throw new StartError(USAGE);
  const config = readConfig();
  const hours = Number(values.hours);
  if (!(hours > 0 && hours <= 24 * 365)) throw new StartError('--hours takes a number from above 0 to 8760');
  const roles = values.role.map((role) => oneOf<Role>(ROLES, role, '--role'));
  if (roles.includes('player') && !values.player) throw new StartError('The role player needs --player <uuid>');
  return signToken(secretOf(config), {
    sub: values.sub ?? roles.join('+'),
    roles,
    jti: randomUUID(), // by which it can be revoked
    ...(values.player ? { playerId: values.player } : {}),
    ...(values.types ? { aggregateTypes: values.types.split(',').map((t) => oneOf<AggregateType>(AGGREGATE_TYPES, t, '--types')) } : {}),
    ...(config.jwtIssuer ? { iss: config.jwtIssuer } : {}),
    ...(config.jwtAudience ? { aud: config.jwtAudience } : {}),
  }, Math.round(hours * 3600));
}

function secretOf({ jwtKey, dataDir }: Config): string {
  if (jwtKey?.kind === 'secret') return jwtKey.secret;
  if (jwtKey) throw new StartError('Tokens are verified by a public key here: let the holder of its private key sign them');
  const file = secretFile(dataDir);
  if (!existsSync(file)) throw new StartError(`There is no secret in ${dataDir} yet: run npm start once, or set JWT_SECRET`);
  return readFileSync(file, 'utf8').trim();
}

function oneOf<T extends string>(allowed: readonly T[], word: string, option: string): T {
  const found = allowed.find((each) => each === word);
  if (found === undefined) throw new StartError(`${option} takes ${allowed.join(', ')}, not ${word}`);
  return found;
}

try {
  process.stdout.write(`${main()}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
