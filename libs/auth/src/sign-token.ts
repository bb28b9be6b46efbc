import { randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { TokenClaims } from './claims.js';
import { secretKey } from './verification-keys.js';

/**
 * A token (RFC 7519) with the given claims, signed by HS256, that expires so many seconds from now.
 *
 * @throws Error if the secret has less than 32 bytes.
 */
export function signToken(secret: string, claims: TokenClaims, expiresInSeconds: number): string {
  const { algorithm, key } = secretKey(secret);
  return jwt.sign({ ...claims }, key, { algorithm, expiresIn: expiresInSeconds });
}

/** A new secret for HS256: 48 random bytes as 64 characters of base64url. */
export function generateSecret(): string {
  return randomBytes(48).toString('base64url');
}
