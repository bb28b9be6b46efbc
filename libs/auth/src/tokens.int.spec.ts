import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { type AuthOptions, generateSecret, signToken } from './index.js';
import { type Probe, startProbe } from './probe-app.spec.js';

const PLAYER = '0b7e1c52-1d2a-4c7e-9a57-6f2f7c1d0a01';
const secret = generateSecret();
const good = { sub: 'match-server', roles: ['service'], iss: 'issuer', aud: 'game' };
const now = () => Math.floor(Date.now() / 1000);
const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const badAlgorithm = "the token's algorithm is not accepted: sign with HS256";
const badSignature = "the token's signature is wrong";
const keyOf = (text: string) => createSecretKey(Buffer.from(text));
const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Any claims, signed by the secret; expires in a minute if they do not say when. */
const sign = (claims: object, key: KeyObject | string = secret, algorithm: jwt.Algorithm = 'HS256') =>
  jwt.sign({ exp: now() + 60, ...claims }, typeof key === 'string' ? keyOf(key) : key, { algorithm });

const probes: Probe[] = [];
async function probeWith(key: AuthOptions['key'], more: Partial<AuthOptions> = {}): Promise<Probe> {
  const probe = await startProbe({ key, rateLimitPerMinute: 0, ...more });
  probes.push(probe);
  return probe;
}
afterAll(() => Promise.all(probes.map((probe) => probe.close())));

async function expectRefused(probe: Probe, token: string, message: string) {
  const { status, headers, body } = await probe.ask('/me', token);
  expect([status, body.error, body.message]).toEqual([401, 'UNAUTHENTICATED', message]);
  expect(headers.get('www-authenticate'))
    .toBe(`Bearer realm="state-service", error="invalid_token", error_description="${message}"`);
  expect(JSON.stringify(body)).not.toContain(token);
}

describe('HS256 by a secret', () => {
  let probe: Probe;
  beforeAll(async () => {
    probe = await probeWith({ kind: 'secret', secret }, { issuer: 'issuer', audience: 'game' });
  });

  it('lets a good token in, again and again, and attaches its principal', async () => {
    const principal = { subject: 'match-server', roles: ['service'], aggregateTypes: ['guild'], tokenId: 'token-1' };
    const token = signToken(secret, { ...good, roles: ['service'], aggregateTypes: ['guild'], jti: 'token-1' }, 60);
    for (const _ of [1, 2]) {
      const { status, body } = await probe.ask('/me', token);
      expect(status).toBe(200);
      expect(body).toEqual(principal);
    }
  });

  it('ignores roles it does not know and puts the player id in lower case', async () => {
    const token = sign({ ...good, roles: ['player', 'wizard', '__proto__', 'player'], playerId: PLAYER.toUpperCase() });
    expect((await probe.ask(`/state/player/${PLAYER}`, token)).status).toBe(200);
    const both = sign({ ...good, roles: ['viewer', 'player'], playerId: PLAYER.toUpperCase() });
    const { body } = await probe.ask('/me', both);
    expect(body).toEqual({ subject: 'match-server', roles: ['viewer', 'player'], playerId: PLAYER });
  });

  it.each([
    ['no roles', []],
    ['only unknown roles', ['wizard', 'constructor']],
  ])('answers 403 for %s', async (_name, roles) => {
    const { status, body } = await probe.ask('/me', sign({ ...good, roles }));
    expect([status, body.error]).toEqual([403, 'FORBIDDEN']);
    expect(body.details).toEqual({ action: 'read', requiredRoles: ['viewer', 'service', 'operator', 'admin'] });
  });

  it('takes an audience out of several', async () => {
    expect((await probe.ask('/me', sign({ ...good, aud: ['chat', 'game'] }))).status).toBe(200);
  });

  it('forgives a clock that is 5 s off, and no more', async () => {
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now()); // or a slow machine is off by more
    expect((await probe.ask('/me', sign({ ...good, exp: now() - 2 }))).status).toBe(200);
    expect((await probe.ask('/me', sign({ ...good, nbf: now() + 3 }))).status).toBe(200);
    await expectRefused(probe, sign({ ...good, exp: now() - 7 }), 'the token has expired');
    await expectRefused(probe, sign({ ...good, nbf: now() + 30 }), 'the token is not valid yet');
    clock.mockRestore();
  });

  it.each([
    ['a wrong signature', () => sign(good, generateSecret()), badSignature],
    ['a cut signature', () => sign(good).slice(0, -4), badSignature],
    ['another HMAC', () => sign(good, secret, 'HS512'), badAlgorithm],
    ['a wrong issuer', () => sign({ ...good, iss: 'another' }), "the token's issuer is wrong"],
    ['no issuer', () => sign({ ...good, iss: undefined }), "the token's issuer is wrong"],
    ['a wrong audience', () => sign({ ...good, aud: 'chat' }), "the token's audience is wrong"],
    ['no audience', () => sign({ ...good, aud: undefined }), "the token's audience is wrong"],
    ['no signature', () => `${encode({ alg: 'HS256' })}.${encode(good)}.`, 'the token is not signed'],
    ['alg none', () => `${encode({ alg: 'none' })}.${encode(good)}.`, badAlgorithm],
    ['alg nOnE', () => `${encode({ alg: 'nOnE' })}.${encode(good)}.`, badAlgorithm],
    ['alg none, signed', () => sign(good).replace(/^[^.]+/, encode({ alg: 'none' })), badAlgorithm],
    ['alg as an array', () => sign(good).replace(/^[^.]+/, encode({ alg: ['HS256'] })), badAlgorithm],
    ['a critical extension', () => sign(good).replace(/^[^.]+/, encode({ alg: 'HS256', crit: ['b64'] })),
      'the token needs an extension that is not known here (crit)'],
    ['changed claims', () => sign(good).replace(/\.[^.]+\./, `.${encode({ ...good, sub: 'x' })}.`), badSignature],
    ['two parts', () => 'abc.def', 'the token is malformed'],
    ['four parts', () => `${sign(good)}.abc`, 'the token is malformed'],
    ['a header that is no JSON', () => 'abc.def.ghi', 'the token is malformed'],
    ['a header that is null', () => `${encode(null)}.${encode(good)}.abc`, 'the token is malformed'],
    ['claims that are no JSON', () => `${encode({ alg: 'HS256', typ: 'JWT' })}.abc.def`, 'the token is malformed'],
    ['claims that are no object', () => jwt.sign('[1]', keyOf(secret)), "the token's audience is wrong"],
    ['characters that no token has', () => 'a,b', 'the token is malformed'],
    ['a huge token', () => sign({ ...good, note: 'x'.repeat(8000) }), 'the token is longer than 8192 bytes'],
  ])('refuses %s', async (_name, make, message) => {
    await expectRefused(probe, make(), message);
  });

  it.each([
    ['sub', undefined, 'must be a string of 1 to 255 characters without control characters'],
    ['sub', '', 'must be a string of 1 to 255 characters without control characters'],
    ['sub', 'a'.repeat(256), 'must be a string of 1 to 255 characters without control characters'],
    ['sub', 'a\u0000b', 'must be a string of 1 to 255 characters without control characters'],
    ['sub', 'a\ud800', 'must be a string of 1 to 255 characters without control characters'],
    ['sub', 7, 'must be a string of 1 to 255 characters without control characters'],
    ['roles', undefined, 'must be an array of strings'],
    ['roles', 'admin', 'must be an array of strings'],
    ['roles', [7], 'must be an array of strings'],
    ['aggregateTypes', 'guild', 'must be an array'],
    ['aggregateTypes', [], 'must not be empty'],
    ['aggregateTypes', ['guild', 'quest'], 'must hold only player, guild, world, economy, combat'],
    ['playerId', 'seven', 'must be a UUID'],
    ['jti', 7, 'must be a string of 1 to 255 characters without control characters'],
    ['exp', undefined, 'must be a number of seconds'],
    ['exp', null, 'must be a number of seconds'],
    ['exp', 'soon', 'must be a number of seconds'],
    ['nbf', {}, 'must be a number of seconds'],
  ])('refuses the claim %s %j', async (claim, value, message) => {
    // As text: jsonwebtoken looks at what it signs only if it is an object.
    const text = JSON.stringify({ exp: now() + 60, ...good, [claim]: value });
    const token = jwt.sign(text, keyOf(secret), { header: { alg: 'HS256', typ: 'JWT' } });
    await expectRefused(probe, token, `the claim ${claim} ${message}`);
  });

  it('refuses the role player without a player id', async () => {
    const message = 'the claim playerId is required for the role player';
    await expectRefused(probe, sign({ ...good, roles: ['player'] }), message);
  });
});

describe('the Authorization header', () => {
  let probe: Probe;
  beforeAll(async () => {
    probe = await probeWith({ kind: 'secret', secret });
  });

  it.each([
    [undefined, 'the Authorization header is missing: send a Bearer token'],
    ['Basic dXNlcjpwYXNz', 'the Authorization header must be: Bearer, a space, the token'],
    ['Bearer', 'the Authorization header must be: Bearer, a space, the token'],
    [signToken(secret, { sub: 'a', roles: [] }, 60), 'the Authorization header must be: Bearer, a space, the token'],
  ])('%s holds no token, so the challenge names no error', async (authorization, message) => {
    const { status, headers, body } = await probe.ask('/me', undefined, authorization ? { authorization } : {});
    expect([status, body.error, body.message]).toEqual([401, 'UNAUTHENTICATED', message]);
    expect(headers.get('www-authenticate')).toBe('Bearer realm="state-service"');
  });

  it('is read without regard to case, and not from elsewhere', async () => {
    const token = sign(good);
    expect((await probe.ask('/me', undefined, { authorization: `bearer ${token}` })).status).toBe(200);
    expect((await probe.ask('/me', undefined, { authorization: `Bearer x ${token}` })).status).toBe(401);
    expect((await probe.ask(`/me?access_token=${token}&token=${token}`)).status).toBe(401);
  });

  it.each(['null', '[1]', '"text"', 'text'])('refuses claims that are %s', async (claims) => {
    await expectRefused(probe, jwt.sign(claims, keyOf(secret)), 'the claims are not an object');
  });

  it('accepts any issuer and audience where none is configured', async () => {
    expect((await probe.ask('/me', sign({ sub: 'a', roles: ['admin'] }))).status).toBe(200);
  });
});

describe.each([
  ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'RS512'],
  ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'HS256'],
] as const)('%s by a public key', (algorithm, { publicKey, privateKey }, foreign) => {
  let probe: Probe;
  beforeAll(async () => {
    probe = await probeWith({ kind: 'publicKey', pem: pemOf(publicKey) }, { issuer: 'issuer', audience: 'game' });
  });

  it('lets a good token in and refuses a bad one', async () => {
    const token = sign(good, privateKey, algorithm);
    expect((await probe.ask('/me', token)).status).toBe(200);
    await expectRefused(probe, sign({ ...good, exp: now() - 60 }, privateKey, algorithm), 'the token has expired');
    await expectRefused(probe, token.replace(/\.[^.]+$/, '.AAAA'), badSignature);
    await expectRefused(probe, token.replace(/\.[^.]+\./, `.${encode({ ...good, sub: 'x' })}.`), badSignature);
  });

  it('refuses an HMAC made with the public key, and other algorithms', async () => {
    const message = `the token's algorithm is not accepted: sign with ${algorithm}`;
    await expectRefused(probe, sign(good, pemOf(publicKey)), message);
    await expectRefused(probe, sign(good, pemOf(publicKey).trim()), message);
    await expectRefused(probe, sign(good, foreign === 'HS256' ? secret : privateKey, foreign), message);
    await expectRefused(probe, `${encode({ alg: 'none' })}.${encode(good)}.`, message);
  });
});

describe('an app', () => {
  it('does not start with a key that it cannot use, and says why', async () => {
    await expect(startProbe({ key: { kind: 'secret', secret: 'short' }, rateLimitPerMinute: 0 }))
      .rejects.toThrow('the JWT secret must have at least 32 bytes, this one has 5');
    await expect(startProbe({ key: { kind: 'publicKey', pem: 'x' }, rateLimitPerMinute: 0 }))
      .rejects.toThrow('the JWT public key is not a PEM of a public key');
    await expect(startProbe({ key: { kind: 'jwks', uri: 'x' }, rateLimitPerMinute: 0 }))
      .rejects.toThrow('the JWKS URI must be an http or https address');
  });

  it('keeps its key to itself when another app runs in the process', async () => {
    const secrets = [generateSecret(), generateSecret()];
    const [one, two] = await Promise.all(secrets.map((each) => probeWith({ kind: 'secret', secret: each })));
    const [first, second] = secrets.map((each) => signToken(each, { sub: 'a', roles: ['viewer'] }, 60));
    expect((await one?.ask('/me', first))?.status).toBe(200);
    expect((await two?.ask('/me', second))?.status).toBe(200);
    expect((await one?.ask('/me', second))?.status).toBe(401);
    expect((await two?.ask('/me', first))?.status).toBe(401);
  });
});
