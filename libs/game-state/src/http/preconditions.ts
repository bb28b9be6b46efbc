import { createHash } from 'node:crypto';
import { canonicalJson, ServiceError } from '@app/kernel';
import type { FastifyRequest } from 'fastify';
import type { Receipt } from '../command/change-state.js';

/**
 * `If-Match` (RFC 9110, 13.1.1): `*`, or the entity tag of one version. A weak or foreign tag never matches; more than one is
 * refused.
 */
export function ifMatchOf(request: FastifyRequest): number | '*' | undefined {
  const header = request.headers['if-match']?.trim();
  if (header === undefined) return undefined;
  if (header === '*') return '*';
  const version = /^"v([1-9]\d{0,15})"$/.exec(header)?.[1];
  if (version !== undefined) return Number(version);
  if (/^(W\/)?"[^"]*"$/.test(header)) return -1; // a tag, but of nothing that was ever here
  throw new ServiceError('VALIDATION_ERROR', 'If-Match takes * or one entity tag such as "v3"', { header: 'If-Match' });
}

/** `If-Match` beside a version in the body or query: they may not disagree. */
export function demandOf(
  request: FastifyRequest, expectedVersion: number | undefined,
): { expectedVersion?: number; ifMatch?: number | '*' } {
  const ifMatch = ifMatchOf(request);
  if (typeof ifMatch === 'number' && ifMatch >= 0 && expectedVersion !== undefined && ifMatch !== expectedVersion) {
    throw new ServiceError('VALIDATION_ERROR', 'If-Match and expectedVersion disagree', { ifMatch, expectedVersion });
  }
  return { expectedVersion, ifMatch };
}

/** Whether `If-None-Match` (RFC 9110, 13.1.2) names this entity tag. */
export function isNotModified({ headers }: Pick<FastifyRequest, 'headers'>, etag: string): boolean {
  const header = headers['if-none-match'];
  if (header === undefined) return false;
  return header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}

/** A request's `Idempotency-Key`. */
export interface IdempotencyKey {
  /** @param part distinguishes the items of a batch and the lines of an upload */
  receipt(fingerprint: string, part?: string): Receipt;
  /** A digest of what makes it this request: query, precondition and what it says, which is the body unless given. */
  fingerprint(said?: string): string;
}

/**
 * The request's `Idempotency-Key`, scoped to subject, method and path.
 * @throws ServiceError VALIDATION_ERROR
 */
export function idempotencyKeyOf(request: FastifyRequest, subject: string): IdempotencyKey | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(header)) {
    throw new ServiceError('VALIDATION_ERROR', 'Idempotency-Key takes 1 to 255 visible ASCII characters', {
      header: 'Idempotency-Key',
    });
  }
  const [path = ''] = request.url.split('?');
  const digestOf = (said: string): string => digest([request.url, request.headers['if-match'] ?? '', said]);
  let ofBody: string | undefined; // made once: the items of a batch share it
  return {
    receipt: (fingerprint, part = '') => ({ key: digest([subject, request.method, path, header, part]), fingerprint }),
    fingerprint: (said) => (said === undefined ? (ofBody ??= digestOf(canonicalJson(request.body ?? null))) : digestOf(said)),
  };
}

/** What a request that is one command leaves behind under its `Idempotency-Key`. */
export function receiptOf(request: FastifyRequest, subject: string): Receipt | undefined {
  const key = idempotencyKeyOf(request, subject);
  return key?.receipt(key.fingerprint());
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
