import { randomBytes } from 'node:crypto';

/** A secret for the services of this run, and a token of the role `service` that outlives the run. */
export async function newToken() {
  const secret = randomBytes(48).toString('base64url');
  return { secret, token: await tokenOf(secret, 'bench') };
}

/** A token for that subject. */
export async function tokenOf(secret, sub, role = 'service') {
  const { signToken } = await import('../../dist/libs/auth/src/index.js');
  return signToken(secret, { sub, roles: [role] }, 4 * 3600);
}
