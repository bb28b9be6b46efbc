import { type AuthOptions, generateSecret, type Role, signToken } from './index.js';
import { type Probe, startProbe } from './probe-app.spec.js';

const OWN = '0b7e1c52-1d2a-4c7e-9a57-6f2f7c1d0a01';
const OTHER = '0b7e1c52-1d2a-4c7e-9a57-6f2f7c1d0a02';
const secret = generateSecret();
const key: AuthOptions['key'] = { kind: 'secret', secret };
const tokenOf = (role: Role, sub: string = role) => signToken(secret, { sub, roles: [role], playerId: OWN }, 60);

describe('the guard', () => {
  let probe: Probe;
  beforeAll(async () => { probe = await startProbe({ key, rateLimitPerMinute: 0 }); });
  afterAll(() => probe.close());

  it('leaves a public route open, whatever the token', async () => {
    for (const token of [undefined, 'garbage', tokenOf('viewer')]) {
      expect((await probe.ask('/open', token)).status).toBe(200);
      expect((await probe.ask('/lobby/news', token)).status).toBe(200);
    }
  });

  it('closes a route without a rule to everybody', async () => {
    for (const token of [undefined, tokenOf('viewer'), tokenOf('admin')]) {
      const { status, body } = await probe.ask('/closed', token);
      expect([status, body.error]).toEqual([403, 'FORBIDDEN']);
    }
  });

  it('puts the rule of a route before that of its controller', async () => {
    expect((await probe.ask('/lobby/keys')).status).toBe(401);
    expect((await probe.ask('/lobby/keys', tokenOf('viewer'))).status).toBe(403);
    expect((await probe.ask('/lobby/keys', tokenOf('operator'))).status).toBe(200);
  });

  it('goes by the action of the route', async () => {
    const refused = await probe.ask('/operations', tokenOf('service'), { method: 'POST' });
    expect([refused.status, refused.body.error]).toEqual([403, 'FORBIDDEN']);
    expect(refused.body.details).toEqual({ action: 'operate', requiredRoles: ['operator', 'admin'] });
    expect((await probe.ask('/operations', tokenOf('admin'), { method: 'POST' })).status).toBe(201);
  });

  it('goes by the target in the path', async () => {
    const player = tokenOf('player');
    expect((await probe.ask(`/state/player/${OWN.toUpperCase()}`, player)).status).toBe(200);
    expect((await probe.ask(`/state/player/${OTHER}`, player)).status).toBe(403);
    expect((await probe.ask(`/state/guild/${OWN}`, player)).status).toBe(403);
    expect((await probe.ask(`/state/player/${OWN}`, player, { method: 'PUT' })).status).toBe(403);
    expect((await probe.ask('/me', player)).status).toBe(403);
    const limited = signToken(secret, { sub: 'guilds', roles: ['admin'], aggregateTypes: ['guild'] }, 60);
    expect((await probe.ask(`/state/guild/${OWN}`, limited, { method: 'PUT' })).status).toBe(200);
    expect((await probe.ask(`/state/world/${OWN}`, limited)).status).toBe(403);
  });

  it('sends no rate limit headers where the limit is off', async () => {
    const { headers } = await probe.ask('/me', tokenOf('viewer'));
    expect(headers.has('ratelimit') || headers.has('ratelimit-policy')).toBe(false);
  });
});

describe('the rate limit', () => {
  let probe: Probe;
  beforeEach(async () => {
    // The minute must not turn within a test: its clock stands, 20 s before it does.
    jest.spyOn(Date, 'now').mockReturnValue(Math.floor(Date.now() / 60_000) * 60_000 + 40_000);
    probe = await startProbe({ key, rateLimitPerMinute: 3 });
  });
  afterEach(async () => {
    await probe.close();
    jest.restoreAllMocks();
  });

  it('counts by subject and tells in the headers', async () => {
    const one = tokenOf('viewer', 'one');
    for (const left of [2, 1, 0]) {
      const { status, headers } = await probe.ask('/me', one);
      expect([status, headers.get('ratelimit-policy')]).toEqual([200, '"default";q=3;w=60']);
      expect(headers.get('ratelimit')).toBe(`"default";r=${left};t=20`);
    }
    const { status, headers, body } = await probe.ask('/me', one);
    expect([status, body.error]).toEqual([429, 'RATE_LIMITED']);
    expect(headers.get('ratelimit')).toBe('"default";r=0;t=20');
    expect(headers.get('ratelimit-policy')).toBe('"default";q=3;w=60');
    expect(headers.get('retry-after')).toBe('20');
    // Another token of the same subject shares its count; another subject has its own.
    expect((await probe.ask('/me', tokenOf('admin', 'one'))).status).toBe(429);
    expect((await probe.ask('/me', tokenOf('viewer', 'two'))).status).toBe(200);
  });

  it('lets exactly as many through when they come at once', async () => {
    const token = tokenOf('viewer');
    const answers = await Promise.all(Array.from({ length: 20 }, () => probe.ask('/me', token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(17);
  });

  it('counts refusals of the role too, and says so', async () => {
    const { status, headers } = await probe.ask('/operations', tokenOf('viewer'), { method: 'POST' });
    expect([status, headers.get('ratelimit')?.slice(0, 13)]).toEqual([403, '"default";r=2']);
  });

  it('has nothing to count for public routes and bad tokens', async () => {
    for (const path of ['/open', '/me', '/open', '/me', '/open', '/me']) {
      const { status, headers } = await probe.ask(path, 'garbage');
      expect([status, headers.has('ratelimit')]).toEqual([path === '/me' ? 401 : 200, false]);
    }
  });
});
