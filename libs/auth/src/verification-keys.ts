import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { isJsonObject } from '@app/kernel';
import { unauthenticated } from './bearer.js';

export type TokenAlgorithm = 'HS256' | 'RS256' | 'ES256';

/** What a token's header (RFC 7515, section 4) says of its signature. */
export interface TokenHeader {
  readonly algorithm: TokenAlgorithm;
  readonly keyId?: string;
}

/** A key and the one algorithm it is used with. */
export interface VerificationKey {
  readonly algorithm: TokenAlgorithm;
  readonly key: KeyObject;
}

/** The keys that tokens are verified with. Injected by this class. */
export abstract class VerificationKeys {
  abstract readonly algorithms: readonly TokenAlgorithm[];
  /** Throws a `ServiceError`: `UNAUTHENTICATED` if there is no such key, `SERVICE_UNAVAILABLE` if nobody can tell. */
  abstract keyFor(header: TokenHeader): Promise<KeyObject>;
}

/** One key that never changes. */
export class FixedKey extends VerificationKeys {
  readonly algorithms: readonly TokenAlgorithm[];
  private readonly key: Promise<KeyObject>;

  constructor({ algorithm, key }: VerificationKey) {
    super();
    this.algorithms = [algorithm];
    this.key = Promise.resolve(key);
  }

  override keyFor(): Promise<KeyObject> {
    return this.key;
  }
}

/** The key of an HS256 secret: its UTF-8 bytes. Made once, as jsonwebtoken needs 350 µs to make it from a string. */
export function secretKey(secret: string): VerificationKey {
  const bytes = Buffer.byteLength(secret);
  if (bytes < 32) throw new Error(`the JWT secret must have at least 32 bytes, this one has ${bytes}`);
  return { algorithm: 'HS256', key: createSecretKey(Buffer.from(secret)) };
}

/** The key of a PEM, with the algorithm that its type allows. */
export function publicKey(pem: string): VerificationKey {
  if (pem.includes('PRIVATE KEY')) throw new Error('the JWT public key is a private key: configure its public half');
  const key = parsePem(pem);
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048) return { algorithm: 'RS256', key };
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return { algorithm: 'ES256', key };
  throw new Error('the JWT public key must be RSA of at least 2048 bits (RS256) or EC on P-256 (ES256)');
}

function parsePem(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new Error('the JWT public key is not a PEM of a public key', { cause });
  }
}

/**
 * Reads a token's header before anything is looked up or computed for it, so that a token with a foreign algorithm
 * costs no key fetch. jsonwebtoken knows no critical extensions, so a token that needs one is refused here.
 */
export function readHeader(token: string, algorithms: readonly TokenAlgorithm[]): TokenHeader {
  const header = parseHeader(token);
  const algorithm = algorithms.find((name) => name === header.alg);
  if (!algorithm) throw unauthenticated(`the token's algorithm is not accepted: sign with ${algorithms.join(' or ')}`);
  if (header.crit !== undefined) throw unauthenticated('the token needs an extension that is not known here (crit)');
  return typeof header.kid === 'string' ? { algorithm, keyId: header.kid } : { algorithm };
}

function parseHeader(token: string): Record<string, unknown> {
  const [encoded = ''] = token.split('.', 1);
  const header = parseJson(Buffer.from(encoded, 'base64url').toString());
  if (!isJsonObject(header)) throw unauthenticated('the token is malformed');
  return header;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unauthenticated('the token is malformed');
  }
}
