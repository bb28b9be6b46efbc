import { AGGREGATE_TYPES, type AggregateType } from '@app/kernel';
import { Controller, Delete, Get, Module, Post, Put, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  Access, type Action, ACTIONS, AuthModule, FastAccess, generateSecret, MAX_REVOCATIONS, type NewRevocation, type Revocation,
  type Revocations, type Role, ROLES, signToken, type Target,
} from './index.js';
import { RevokedTokens } from './revocation/revoked-tokens.js';

const OWN = '0b7e1c52-1d2a-4c7e-9a57-6f2f7c1d0a01';
const OTHER = '0b7e1c52-1d2a-4c7e-9a57-6f2f7c1d0a02';
const LIMIT = 3;
const secret = generateSecret();
const METHODS = { read: 'GET', write: 'PUT', delete: 'DELETE', operate: 'POST' } as const;

@Controller('state/:aggregateType/:aggregateId')
class StateController {
  @Access('read') @Get() read(@Req() { user }: FastifyRequest) { return user; }
  @Access('write') @Put() write(@Req() { user }: FastifyRequest) { return user; }
  @Access('delete') @Delete() remove(@Req() { user }: FastifyRequest) { return user; }
  @Access('operate') @Post() operate(@Req() { user }: FastifyRequest) { return user; }
}

/** A place for revocations in this process: the PostgreSQL one has its own spec. */
class Place implements Revocations {
  private revision = 0;
  async add(wanted: NewRevocation): Promise<Revocation> {
    this.revision += 1;
    if (this.revision > MAX_REVOCATIONS) throw new Error('full');
    return { ...wanted, id: OWN, createdAt: new Date(), issuedBefore: new Date(), revision: this.revision };
  }
  async remove(): Promise<undefined> { return undefined; }
  async list(): Promise<readonly Revocation[]> { return []; }
  async load() { return { revision: this.revision, changes: [], hasMore: false }; }
}

interface Way {
  readonly allowed: boolean;
  readonly user: unknown;
  readonly headers: readonly unknown[];
}

describe('the fast way in', () => {
  let app: NestFastifyApplication;
  let fastify: FastifyInstance;
  /** Where the hook stands for the next request. */
  let fast: { action: Action; target: Target } | undefined;
  let admitted: boolean | undefined;
  let touched: unknown[];

  beforeEach(async () => {
    jest.spyOn(Date, 'now').mockReturnValue(Math.floor(Date.now() / 60_000) * 60_000 + 40_000);
    @Module({
      imports: [AuthModule.register({ key: { kind: 'secret', secret }, rateLimitPerMinute: LIMIT, revocations: new Place() })],
      controllers: [StateController],
    })
    class App {}
    const adapter = new FastifyAdapter();
    fastify = adapter.getInstance<FastifyInstance>();
    app = await NestFactory.create<NestFastifyApplication>(App, adapter, { logger: false });
    fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      if (!fast) return done();
      const principal = app.get(FastAccess).admit(request.headers.authorization, reply, fast.action, fast.target);
      admitted = principal !== undefined;
      if (!principal) {
        touched = [request.user, reply.getHeader('ratelimit'), reply.getHeader('ratelimit-policy')];
        return done();
      }
      void reply.send(principal);
    });
    await app.init();
    await fastify.ready();
    admitted = undefined;
  });
  afterEach(async () => {
    await app.close();
    jest.restoreAllMocks();
    fast = undefined;
  });

  const ask = async (token: string | undefined, action: Action, target: Required<Target>, way: 'fast' | 'long'): Promise<Way> => {
    fast = way === 'fast' ? { action, target } : undefined;
    admitted = undefined;
    const { statusCode, headers, body } = await fastify.inject({
      method: METHODS[action], url: `/state/${target.aggregateType}/${target.aggregateId}`,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    const allowed = statusCode < 300;
    return { allowed, user: allowed ? JSON.parse(body) : undefined, headers: [headers['ratelimit-policy'], headers['ratelimit']] };
  };

  const targets = [
    ...AGGREGATE_TYPES.map((aggregateType) => ({ aggregateType, aggregateId: OWN })),
    { aggregateType: 'player', aggregateId: OTHER }, { aggregateType: 'player', aggregateId: OWN.toUpperCase() },
    { aggregateType: 'quest', aggregateId: OWN },
  ];
  const bearers: [string, Role[], AggregateType[] | undefined][] = [
    ...ROLES.map((role): [string, Role[], undefined] => [role, [role], undefined]),
    ['nobody', [], undefined], ['viewer and player', ['viewer', 'player'], undefined],
    ['admin of guilds', ['admin'], ['guild']], ['player without players', ['player'], ['world']],
  ];

  it.each(bearers)('agrees with the guard: %s', async (name, roles, aggregateTypes) => {
    let serial = 0;
    for (const action of ACTIONS) {
      for (const target of targets) {
        // One subject asks the long way only, its twin the fast way where that is open: the same must come out.
        const [long, short] = ['long', 'fast'].map((way) => signToken(secret, {
          sub: `${name} ${way} ${serial += 1}`, roles, playerId: OWN, ...(aggregateTypes && { aggregateTypes }),
        }, 600));
        for (let n = 0; n <= LIMIT + 1; n += 1) {
          const expected = await ask(long, action, target, 'long');
          const got = await ask(short, action, target, 'fast');
          expect({ ...got, user: undefined }).toEqual({ ...expected, user: undefined });
          if (got.allowed) expect({ ...got.user as object, subject: '' }).toEqual({ ...expected.user as object, subject: '' });
          // The first verifies the token, so it goes the long way; those that are refused do, too.
          expect(admitted).toBe(n > 0 && expected.allowed);
          if (!admitted) expect(touched).toEqual([undefined, undefined, undefined]);
        }
      }
    }
  });

  it('is closed to a token that was revoked, is unknown, or is not there', async () => {
    const target = targets[0]!;
    const token = signToken(secret, { sub: 'eve', roles: ['viewer'], jti: 'lost' }, 600);
    await ask(token, 'read', target, 'long');
    expect((await ask(token, 'read', target, 'fast')).allowed).toBe(true);
    expect(admitted).toBe(true);
    await app.get(RevokedTokens).add({ kind: 'token', name: 'lost', actor: 'spec' });
    expect((await ask(token, 'read', target, 'fast')).allowed).toBe(false);
    expect([admitted, touched]).toEqual([false, [undefined, undefined, undefined]]);
    for (const other of [undefined, 'garbage', `${token}x`, token.slice(0, -1)]) {
      expect((await ask(other, 'read', target, 'fast')).allowed).toBe(false);
      expect([admitted, touched]).toEqual([false, [undefined, undefined, undefined]]);
    }
  });
});
