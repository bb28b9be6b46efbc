import { ServiceError } from '@app/kernel';

/** Tokens with all of our claims are under 1 KiB with HS256 and ES256 and under 2 KiB with RS256. */
const MAX_TOKEN_LENGTH = 8192;
/** Of a header in its usual spelling that holds the longest token. */
export const MAX_HEADER_LENGTH = 'Bearer '.length + MAX_TOKEN_LENGTH;

const BEARER = /^bearer +([\w\-.~+/]+=*)$/i;

/** The token of an `Authorization` header (RFC 6750, section 2.1), or null if it holds none that can be one. */
export function bearerToken(authorization: string | undefined): string | null {
  if (authorization === undefined || authorization.length > MAX_TOKEN_LENGTH) return null;
  return BEARER.exec(authorization)?.[1] ?? null;
}

/** Why `bearerToken` found none. */
export function refuseHeader(authorization: string | undefined): ServiceError {
  if (!authorization) return unauthenticated('the Authorization header is missing: send a Bearer token');
  if (!holdsToken(authorization)) {
    return unauthenticated('the Authorization header must be: Bearer, a space, the token');
  }
  if (authorization.length > MAX_TOKEN_LENGTH) {
    return unauthenticated(`the token is longer than ${MAX_TOKEN_LENGTH} bytes`);
  }
  return unauthenticated('the token is malformed');
}

/** A refusal of the token. The message goes into a header too: no quotes and nothing that the client sent. */
export function unauthenticated(message: string): ServiceError {
  return new ServiceError('UNAUTHENTICATED', message);
}

export function revokedToken(): ServiceError {
  return unauthenticated('the token was revoked');
}

/** The `WWW-Authenticate` header of a 401 (RFC 6750, section 3): it names an error only if there was a token. */
export function challenge(authorization: string | undefined, message: string): string {
  const realm = 'Bearer realm="state-service"';
  return holdsToken(authorization) ? `${realm}, error="invalid_token", error_description="${message}"` : realm;
}

function holdsToken(authorization: string | undefined): boolean {
  return authorization !== undefined && /^bearer +\S/i.test(authorization);
}
