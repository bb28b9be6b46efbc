import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { RateLimit } from './rate-limit.js';
import { JwksKeys } from './jwks-keys.js';
import { generateSecret, signToken } from './sign-token.js';
import { publicKey, secretKey } from './verification-keys.js';

const pem = (key: KeyObject, type: 'spki' | 'pkcs8' = 'spki') => key.export({ type, format: 'pem' }).toString();
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });

describe('keys from a configuration', () => {
  it('refuses a secret shorter than 32 bytes in one line', () => {
    expect(() => secretKey('s'.repeat(31))).toThrow(/^the JWT secret must have at least 32 bytes, this one has 31$/);
    expect(secretKey('s'.repeat(32)).algorithm).toBe('HS256');
    expect(secretKey('ß'.repeat(16)).key.symmetricKeySize).toBe(32);
    expect(() => signToken('short', { sub: 'a', roles: [] }, 60)).toThrow(/at least 32 bytes/);
  });

  it('takes the algorithm from the type of the public key', () => {
    expect(publicKey(pem(rsa(2048).publicKey)).algorithm).toBe('RS256');
    expect(publicKey(pem(ec('P-256').publicKey)).algorithm).toBe('ES256');
  });

  it.each([
    ['a small RSA key', () => pem(rsa(1024).publicKey), /RSA of at least 2048 bits/],
    ['another curve', () => pem(ec('P-384').publicKey), /EC on P-256/],
    ['another type', () => pem(generateKeyPairSync('ed25519').publicKey), /RSA of at least 2048 bits/],
    ['a private key', () => pem(ec('P-256').privateKey, 'pkcs8'), /private key/],
    ['no PEM', () => 'not a key', /not a PEM/],
  ])('refuses %s in one line', (_name, make, why) => {
    expect(() => publicKey(make())).toThrow(why);
    expect(() => publicKey(make())).toThrow(/^[^\n]+$/);
  });

  it.each(['nowhere', 'file:///etc/passwd', '', 'ftp://host/keys'])('refuses the JWKS address %p', (uri) => {
    expect(() => new JwksKeys(uri)).toThrow('the JWKS URI must be an http or https address');
  });

  it.each([-1, 1.5, Number.NaN, Infinity])('refuses the rate limit %p', (rateLimitPerMinute) => {
    expect(() => new RateLimit({ rateLimitPerMinute })).toThrow('the rate limit must be a whole number');
  });

  it('makes secrets of 48 random bytes', () => {
    expect(generateSecret()).toMatch(/^[\w-]{64}$/);
    expect(generateSecret()).not.toBe(generateSecret());
  });
});
