import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Revocations } from './revocation/revocations.js';
import type { SharedCounts } from './shared-counts.js';

/** What tokens are verified with. The kind of key decides the algorithms; the token has no say in it. */
export type AuthKey =
  /** HS256. At least 32 bytes (RFC 7518, section 3.2). */
  | { readonly kind: 'secret'; readonly secret: string }
  /** RS256 for an RSA key of 2048 bits or more, ES256 for a P-256 key. PEM of a public key or a certificate. */
  | { readonly kind: 'publicKey'; readonly pem: string }
  /** RS256 and ES256 by the keys of a JSON Web Key Set (RFC 7517) at an http or https address. */
  | { readonly kind: 'jwks'; readonly uri: string };

/** How `AuthModule` verifies and limits. */
export interface AuthOptions {
  readonly key: AuthKey;
  /** Where set, a token's `iss` must be this. */
  readonly issuer?: string;
  /** Where set, a token's `aud` must be or hold this. */
  readonly audience?: string;
  /** Requests that a subject may make in a minute of the clock; 0 turns the limit off. */
  readonly rateLimitPerMinute: number;
  /** Where set, the limit holds for all instances together; else for each process alone. */
  readonly sharedCounts?: SharedCounts;
  /** Where set, tokens can be revoked; else the routes for it answer 404. */
  readonly revocations?: Revocations;
  /** Told of each request that is let in to `operate`, before it is handled. What it throws refuses the request. */
  readonly operating?: (request: FastifyRequest) => Promise<void>;
}

export const { ConfigurableModuleClass: ConfigurableAuthModule, MODULE_OPTIONS_TOKEN: AUTH_OPTIONS } =
  new ConfigurableModuleBuilder<AuthOptions>().build();
