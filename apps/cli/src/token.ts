import { createSecretKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { CliError } from './cli-error.js';
import type { Environment } from './environment.js';

const SECONDS = 300;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * The token to ask with: the one given, else one of an operator, signed here for a few minutes.
 * The secret of a data folder is for the service on this machine: whoever is sent what it signed may use it there.
 * @throws CliError where there is nothing to sign with
 */
export function tokenFor({ token, serviceUrl, dataDir, ofService }: Environment): string {
  if (token !== undefined) return token;
  const secret = ofService['JWT_SECRET'] || localSecret(serviceUrl, dataDir);
  // Not through @app/auth: that loads Nest, for half a second at every call.
  return jwt.sign({
    sub: `cli:${userInfo().username}`, roles: ['operator'], jti: randomUUID(),
    ...(ofService['JWT_ISSUER'] ? { iss: ofService['JWT_ISSUER'] } : {}), ...(ofService['JWT_AUDIENCE'] ? { aud: ofService['JWT_AUDIENCE'] } : {}),
  }, createSecretKey(secret, 'utf8'), { algorithm: 'HS256', expiresIn: SECONDS });
}

function localSecret(serviceUrl: string, dataDir: string): string {
  if (!LOOPBACK.has(new URL(serviceUrl).hostname)) throw new CliError(`Set GSS_TOKEN to a token of an operator for ${serviceUrl}`);
  const file = join(dataDir, 'jwt-secret');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new CliError(`Set GSS_TOKEN to a token of an operator: there is none, and ${file}, whose secret would sign one, cannot be read`);
  }
}
