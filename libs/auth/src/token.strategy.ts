import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import passport from 'passport';
import { type SecretOrKeyProvider, Strategy } from 'passport-jwt';
import { AUTH_OPTIONS, type AuthOptions } from './auth-options.js';
import { bearerToken, revokedToken } from './bearer.js';
import { readClaims } from './claims.js';
import type { Principal } from './permissions.js';
import { RevokedTokens } from './revocation/revoked-tokens.js';
import { readHeader, VerificationKeys } from './verification-keys.js';
import { VerifiedTokens } from './verified-tokens.js';

const CLOCK_TOLERANCE_S = 5;

/** passport-jwt with our keys and claims. */
@Injectable()
export class TokenStrategy extends PassportStrategy(Strategy) implements OnModuleDestroy {
  constructor(
    keys: VerificationKeys,
    private readonly verified: VerifiedTokens,
    private readonly revoked: RevokedTokens,
    @Inject(AUTH_OPTIONS) { issuer, audience }: AuthOptions,
  ) {
    super({
      jwtFromRequest: (request: FastifyRequest) => bearerToken(request.headers.authorization),
      secretOrKeyProvider: keyProvider(keys),
      algorithms: [...keys.algorithms],
      issuer,
      audience,
      jsonWebTokenOptions: { clockTolerance: CLOCK_TOLERANCE_S },
      passReqToCallback: true,
    });
    // Passport's registry belongs to the process: under one common name, two apps in it would share the last one's key.
    passport.unuse(this.name);
    this.name = `jwt-${randomUUID()}`;
    passport.use(this);
  }

  override validate(request: FastifyRequest, claims: unknown): Principal {
    const verified = readClaims(claims);
    const token = bearerToken(request.headers.authorization);
    if (token !== null) this.verified.put(token, verified);
    if (this.revoked.covers(verified)) throw revokedToken();
    return verified.principal;
  }

  onModuleDestroy(): void {
    passport.unuse(this.name);
  }
}

function keyProvider(keys: VerificationKeys): SecretOrKeyProvider<FastifyRequest> {
  return (_request, token: string, done) => {
    const find = async () => {
      const key = await keys.keyFor(readHeader(token, keys.algorithms));
      // The types of passport-jwt are older than KeyObject, which jsonwebtoken takes as it is.
      done(null, key as unknown as Buffer);
    };
    find().catch(done);
  };
}
