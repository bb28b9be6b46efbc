import { ConfigurableModuleBuilder } from '@nestjs/common';

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
  /** Requests that a subject may make within 60 s; 0 turns the limit off. */
  readonly rateLimitPerMinute: number;
}

export const { ConfigurableModuleClass: ConfigurableAuthModule, MODULE_OPTIONS_TOKEN: AUTH_OPTIONS } =
  new ConfigurableModuleBuilder<AuthOptions>().build();
