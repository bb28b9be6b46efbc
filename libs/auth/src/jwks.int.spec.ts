import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@app/testing';
import jwt from 'jsonwebtoken';
import { JwksKeys } from './jwks-keys.js';
import { type Probe, startProbe } from './probe-app.spec.js';

interface Pair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}
const rsa = (): Pair => generateKeyPairSync('rsa', { modulusLength: 2048 });
const [first, second] = [rsa(), rsa()];
const curve: Pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = ({ publicKey }: Pair, more: object) => ({ ...publicKey.export({ format: 'jwk' }), use: 'sig', ...more });

let serial = 0;
/** A token that was never seen before. */
const sign = ({ privateKey }: Pair, keyid?: string, algorithm: jwt.Algorithm = 'RS256') =>
  jwt.sign({ sub: 'match-server', roles: ['service'], jti: String(serial += 1) }, privateKey, {
    algorithm, expiresIn: 60, ...(keyid !== undefined && { keyid }),
  });

/** A key endpoint whose answer the tests set. */
class Endpoint {
  keys: unknown = [];
  mode: 'up' | 'broken' | 'silent' | 'dripping' | 'page' = 'up';
  hits = 0;
  private readonly server: Server = createServer((_request, response) => {
    this.hits += 1;
    switch (this.mode) {
      case 'up': return response.end(JSON.stringify({ keys: this.keys }));
      case 'page': return response.end('<html>');
      case 'broken': return response.writeHead(500).end('{}');
      case 'silent': return response;
      case 'dripping': {
        const drip = setInterval(() => response.write(' '), 100);
        return response.on('close', () => clearInterval(drip));
      }
    }
  });

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/keys`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

let endpoint: Endpoint;
let uri: string;
beforeEach(async () => {
  endpoint = new Endpoint();
  endpoint.keys = [jwk(first, { kid: 'first' })];
  uri = await endpoint.start();
});
afterEach(() => endpoint.stop());

describe('a service with a JWKS', () => {
  let probe: Probe;
  beforeEach(async () => {
    // The clock stands: no fetch is due again because a test takes long.
    jest.spyOn(Date, 'now').mockReturnValue(Date.now());
    probe = await startProbe({ key: { kind: 'jwks', uri }, rateLimitPerMinute: 0 });
  });
  afterEach(async () => {
    await probe.close();
    jest.restoreAllMocks();
  });

  const unknown = { status: 401, message: 'the token is signed with a key that is not known here' };
  const answerTo = async (token: string) => {
    const { status, body, headers } = await probe.ask('/me', token);
    return { status, message: body.message, retryAfter: headers.get('retry-after') };
  };

  it('fetches the keys once, at the first token', async () => {
    endpoint.keys = [jwk(first, { kid: 'first' }), jwk(curve, { kid: 'curve', alg: 'ES256' })];
    expect(endpoint.hits).toBe(0);
    const tokens = Array.from({ length: 20 }, () => [sign(first, 'first'), sign(curve, 'curve', 'ES256')]).flat();
    const answers = await Promise.all(tokens.map((token) => probe.ask('/me', token)));
    expect(answers.map(({ status }) => status)).toEqual(tokens.map(() => 200));
    expect(endpoint.hits).toBe(1);
  });

  it('sees a rotation at its first token and drops the old key', async () => {
    expect((await answerTo(sign(first, 'first'))).status).toBe(200);
    endpoint.keys = [jwk(second, { kid: 'second' })];
    expect((await answerTo(sign(second, 'second'))).status).toBe(200);
    expect(await answerTo(sign(first, 'first'))).toMatchObject(unknown);
    expect(endpoint.hits).toBe(3);
  });

  it('fetches once for many made-up key ids, and real ones go on', async () => {
    expect((await answerTo(sign(first, 'first'))).status).toBe(200);
    const made = await Promise.all(Array.from({ length: 30 }, (_, n) => answerTo(sign(second, `made-up-${n}`))));
    for (const answer of made) expect(answer).toMatchObject(unknown);
    expect((await answerTo(sign(first, 'first'))).status).toBe(200);
    expect(endpoint.hits).toBe(2);
  });

  it('takes a token without a key id only if the set has one key', async () => {
    expect((await answerTo(sign(first))).status).toBe(200);
    endpoint.keys = [jwk(first, { kid: 'first' }), jwk(second, { kid: 'second' })];
    expect((await answerTo(sign(second, 'second'))).status).toBe(200);
    expect(await answerTo(sign(first))).toMatchObject(unknown);
  });

  it('refuses what the key is not for', async () => {
    endpoint.keys = [
      jwk(first, { kid: 'encrypts', use: 'enc' }), jwk(first, { kid: 'other', alg: 'RS512' }),
      jwk(generateKeyPairSync('rsa', { modulusLength: 1024 }), { kid: 'small' }), jwk(curve, { kid: 'curve' }),
    ];
    for (const kid of ['encrypts', 'other', 'small', 'curve']) {
      expect(await answerTo(sign(first, kid))).toMatchObject(unknown);
    }
    const pem = first.publicKey.export({ type: 'spki', format: 'pem' });
    const confused = jwt.sign({ sub: 'a', roles: ['admin'] }, pem, {
      algorithm: 'HS256', keyid: 'first', expiresIn: 60,
    });
    expect(await answerTo(confused)).toMatchObject({
      status: 401, message: "the token's algorithm is not accepted: sign with RS256 or ES256",
    });
    const wrong = "the token's signature is wrong";
    endpoint.keys = [jwk(first, { kid: 'first' })];
    expect(endpoint.hits).toBe(1);
    expect(await answerTo(sign(curve, 'curve', 'ES256'))).toMatchObject({ status: 200 });
    expect(await answerTo(sign(generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'curve', 'ES256')))
      .toMatchObject({ status: 401, message: wrong });
  });

  it.each(['broken', 'page', 'silent', 'dripping'] as const)('answers 503 while the endpoint is %s', async (mode) => {
    endpoint.mode = mode;
    const started = performance.now();
    const answer = await answerTo(sign(first, 'first'));
    expect(answer).toEqual({ status: 503, message: 'the keys that verify tokens cannot be fetched', retryAfter: '5' });
    expect(performance.now() - started).toBeLessThan(10_000);
    // The next one is told at once, and the endpoint is left alone.
    expect((await answerTo(sign(first, 'first'))).status).toBe(503);
    expect(endpoint.hits).toBe(1);
  });

  it('answers 503 while nobody listens, and 401 for what no key could help', async () => {
    await endpoint.stop();
    expect((await answerTo(sign(first, 'first'))).status).toBe(503);
    expect((await answerTo('abc')).status).toBe(401);
    expect((await probe.ask('/me')).status).toBe(401);
    expect((await probe.ask('/me', sign(first, 'first'))).headers.has('www-authenticate')).toBe(false);
  });

  it('goes on with the keys it has when the endpoint goes down', async () => {
    expect((await answerTo(sign(first, 'first'))).status).toBe(200);
    endpoint.mode = 'broken';
    expect((await answerTo(sign(second, 'second'))).status).toBe(503);
    expect((await answerTo(sign(first, 'first'))).status).toBe(200);
  });
});

describe('JwksKeys as time goes by', () => {
  const header = { algorithm: 'RS256', keyId: 'first' } as const;
  let clock = 0;
  let keys: JwksKeys;
  beforeEach(() => { keys = new JwksKeys(uri, () => clock); });

  it('tries again 5 s after a failure', async () => {
    endpoint.mode = 'broken';
    await expect(keys.keyFor(header)).rejects.toMatchObject({ error: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 5 });
    endpoint.mode = 'up';
    clock += 3_500;
    await expect(keys.keyFor(header)).rejects.toMatchObject({ error: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 2 });
    clock += 1_500;
    await expect(keys.keyFor(header)).resolves.toMatchObject({ asymmetricKeyType: 'rsa' });
    expect(endpoint.hits).toBe(2);
    // The failure is forgotten: a key that is not there now is a matter of the token.
    await expect(keys.keyFor({ ...header, keyId: 'second' })).rejects.toMatchObject({ error: 'UNAUTHENTICATED' });
  });

  it('looks for an unknown key again 5 s after a vain fetch', async () => {
    const rotated = { algorithm: 'RS256', keyId: 'second' } as const;
    await expect(keys.keyFor(rotated)).rejects.toMatchObject({ error: 'UNAUTHENTICATED' });
    endpoint.keys = [jwk(first, { kid: 'first' }), jwk(second, { kid: 'second' })];
    await expect(keys.keyFor(rotated)).rejects.toMatchObject({ error: 'UNAUTHENTICATED' });
    clock += 5_000;
    await expect(keys.keyFor(rotated)).resolves.toMatchObject({ type: 'public' });
  });

  it('renews after 10 min without anybody waiting', async () => {
    await keys.keyFor(header);
    endpoint.keys = [jwk(second, { kid: 'second' })];
    clock += 9 * 60_000;
    await keys.keyFor(header);
    // A fetch of the keys, had it begun, would be at the endpoint before this one has its answer.
    await fetch(uri);
    expect(endpoint.hits).toBe(2);
    clock += 2 * 60_000;
    await expect(keys.keyFor(header)).resolves.toMatchObject({ type: 'public' });
    await eventually(() => expect(keys.keyFor(header)).rejects.toMatchObject({ error: 'UNAUTHENTICATED' }));
  });

  it('trusts old keys for an hour at most while the endpoint is silent', async () => {
    await keys.keyFor(header);
    endpoint.mode = 'silent';
    clock += 11 * 60_000;
    await expect(keys.keyFor(header)).resolves.toMatchObject({ type: 'public' });
    await expect(keys.keyFor(header)).resolves.toMatchObject({ type: 'public' });
    await eventually(() => expect(endpoint.hits).toBe(2));
    clock += 50 * 60_000;
    await expect(keys.keyFor(header)).rejects.toMatchObject({ error: 'SERVICE_UNAVAILABLE' });
    expect(endpoint.hits).toBe(2);
  });
});
