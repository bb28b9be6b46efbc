import { AGGREGATE_TYPES, type AggregateType } from '@app/kernel';
import { z } from 'zod';
import { unauthenticated } from './bearer.js';
import { type Principal, type Role, ROLES } from './permissions.js';

/** The claims that `signToken` writes; see `AuthOptions` for which of them are verified. */
export interface TokenClaims {
  readonly sub: string;
  readonly roles: readonly Role[];
  readonly aggregateTypes?: readonly AggregateType[];
  readonly playerId?: string;
  readonly iss?: string;
  readonly aud?: string | readonly string[];
  readonly jti?: string;
}

// `sub` is stored with every event and both are logged: PostgreSQL takes no NUL and a log line no line break.
export const name = (error: string) => z.string(error).max(255, error).regex(/^[^\p{Cc}\p{Cs}]+$/u, error);

const verifiedClaims = z.object({
  sub: name('must be a string of 1 to 255 characters without control characters'),
  roles: z.array(z.string('must be an array of strings'), 'must be an array of strings'),
  aggregateTypes: z
    .array(z.enum(AGGREGATE_TYPES, `must hold only ${AGGREGATE_TYPES.join(', ')}`), 'must be an array')
    .min(1, 'must not be empty')
    .optional(),
  playerId: z.guid('must be a UUID').optional(),
  exp: z.number('must be a number of seconds'),
  iat: z.number('must be a number of seconds').optional(),
  jti: name('must be a string of 1 to 255 characters without control characters').optional(),
});

/** A principal, and from and until when its token holds: seconds since 1970. */
export interface Verified {
  readonly principal: Principal;
  /** The claim `iat`. */
  readonly issuedAt?: number;
  /** The claim `exp`. */
  readonly expiresAt: number;
}

/** Reads the claims of a token whose signature, times, issuer and audience hold. Unknown roles are left out. */
export function readClaims(claims: unknown): Verified {
  const parsed = verifiedClaims.safeParse(claims);
  if (!parsed.success) throw refuseClaims(parsed.error);
  const { sub, roles, aggregateTypes, playerId, exp, iat, jti } = parsed.data;
  const known = ROLES.filter((role) => roles.includes(role));
  if (known.includes('player') && playerId === undefined) {
    throw unauthenticated('the claim playerId is required for the role player');
  }
  const principal = {
    subject: sub,
    roles: known,
    ...(aggregateTypes && { aggregateTypes }),
    ...(playerId !== undefined && { playerId: playerId.toLowerCase() }),
    ...(jti !== undefined && { tokenId: jti }),
  };
  return { principal, expiresAt: exp, ...(iat !== undefined && { issuedAt: iat }) };
}

function refuseClaims(error: z.ZodError) {
  const [issue] = error.issues;
  const claim = issue?.path[0];
  if (claim === undefined) return unauthenticated('the claims are not an object');
  return unauthenticated(`the claim ${String(claim)} ${issue?.message}`);
}
