import { ServiceError } from '@app/kernel';
import { unauthenticated } from './bearer.js';

/** What jsonwebtoken's messages begin with, in our words. */
const REASONS = [
  ['jwt expired', 'the token has expired'],
  ['jwt not active', 'the token is not valid yet'],
  ['jwt issuer invalid', "the token's issuer is wrong"],
  ['jwt audience invalid', "the token's audience is wrong"],
  ['invalid exp value', 'the claim exp must be a number of seconds'],
  ['invalid nbf value', 'the claim nbf must be a number of seconds'],
  ['jwt signature is required', 'the token is not signed'],
  ['jwt malformed', 'the token is malformed'],
  ['invalid token', 'the token is malformed'],
] as const;

/** The refusal that Passport's words about a token amount to. */
export function refuseToken(info: unknown): ServiceError {
  if (info instanceof ServiceError) return info;
  if (!(info instanceof Error) || info instanceof SyntaxError) return unauthenticated('the token is malformed');
  const reason = REASONS.find(([start]) => info.message.startsWith(start));
  return unauthenticated(reason?.[1] ?? "the token's signature is wrong");
}
