import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { AUTH_OPTIONS, type AuthKey, type AuthOptions, ConfigurableAuthModule } from './auth-options.js';
import { FastAccess } from './fast-access.js';
import { JwksKeys } from './jwks-keys.js';
import { RateLimit } from './rate-limit.js';
import { RevocationsController } from './revocation/revocations.controller.js';
import { RevokedTokens } from './revocation/revoked-tokens.js';
import { TokenGuard } from './token.guard.js';
import { TokenVerifier } from './token-verifier.js';
import { TokenStrategy } from './token.strategy.js';
import { FixedKey, publicKey, secretKey, VerificationKeys } from './verification-keys.js';
import { VerifiedTokens } from './verified-tokens.js';

/**
 * Puts a guard before every route of the app that imports it: a verified token, a rate limit by subject, and the rule
 * that `@Access` or `@Public` gave the route. A route with neither is closed to all.
 *
 * It serves `/tokens/revocations` for those who may `operate`, and exports `FastAccess` for what answers before Nest, and `TokenVerifier` for
 * what is no route.
 *
 * Import it once, by `register(options)`, or by `registerAsync({ inject, useFactory })` from a config. A key that
 * cannot be used fails the start of the app with a message of one line. A key set is fetched at the first token;
 * revocations are loaded at the start, which fails if they cannot be.
 *
 * What clients meet, as `ServiceError`: `UNAUTHENTICATED` with `WWW-Authenticate` (RFC 6750), `FORBIDDEN`,
 * `RATE_LIMITED`, and `SERVICE_UNAVAILABLE` while a key set cannot be fetched. Answers to a limited subject carry
 * `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
 */
@Global()
@Module({
  providers: [
    { provide: VerificationKeys, useFactory: ({ key }: AuthOptions) => keysOf(key), inject: [AUTH_OPTIONS] },
    VerifiedTokens,
    RevokedTokens,
    TokenStrategy,
    TokenGuard,
    RateLimit,
    FastAccess,
    TokenVerifier,
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  controllers: [RevocationsController],
  exports: [FastAccess, TokenVerifier],
})
export class AuthModule extends ConfigurableAuthModule {}

function keysOf(key: AuthKey): VerificationKeys {
  switch (key.kind) {
    case 'secret': return new FixedKey(secretKey(key.secret));
    case 'publicKey': return new FixedKey(publicKey(key.pem));
    case 'jwks': return new JwksKeys(key.uri);
  }
}
