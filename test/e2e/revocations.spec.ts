import { randomUUID } from 'node:crypto';
import { eventually } from '@app/testing';
import { createApp } from '../../apps/state-service/src/app.js';
import { readConfig } from '../../apps/state-service/src/config.js';
import { Lifecycle } from '../../apps/state-service/src/lifecycle.js';
import { fresh, type Service, startService } from './support/service.js';

const URL_ = '/api/v1/tokens/revocations';

describe('revocation of tokens', () => {
  let service: Service;
  let admin: string;
  const read = fresh().state;
  beforeAll(async () => {
    service = await startService();
    admin = service.token('admin', { sub: 'boss' });
  });
  afterAll(() => service.stop());

  const revoke = (body: unknown) => service.ask('POST', URL_, { token: admin, body });
  const statusWith = async (token: string) => (await service.ask('GET', read, { token })).status;

  it('refuses a token from the next request on, until it is lifted', async () => {
    const jti = randomUUID();
    const token = service.token('viewer', { jti });
    const twin = service.token('viewer', { jti: randomUUID() });
    expect(await statusWith(token)).toBe(404);
    const made = await revoke({ tokenId: jti, reason: 'lost laptop' });
    expect([made.status, made.body]).toEqual([201, {
      id: expect.any(String), tokenId: jti, reason: 'lost laptop', revokedBy: 'boss', revokedAt: expect.any(String),
    }]);
    const refused = await service.ask('GET', read, { token });
    expect(refused.status).toBe(401);
    expect(refused.body).toMatchObject({ error: 'UNAUTHENTICATED', message: 'the token was revoked' });
    expect(refused.headers.get('www-authenticate'))
      .toBe('Bearer realm="state-service", error="invalid_token", error_description="the token was revoked"');
    expect(await statusWith(twin)).toBe(404);
    const lifted = await service.ask('DELETE', `${URL_}/${String(made.body['id']).toUpperCase()}`, { token: admin });
    expect([lifted.status, lifted.text]).toEqual([204, '']);
    expect(await statusWith(token)).toBe(404);
    expect(await service.ask('DELETE', `${URL_}/${String(made.body['id'])}`, { token: admin }))
      .toMatchObject({ status: 404, body: { error: 'REVOCATION_NOT_FOUND' } });
  });

  it('refuses one that was never seen before', async () => {
    const token = service.token('viewer', { jti: 'never seen' });
    expect((await revoke({ tokenId: 'never seen' })).status).toBe(201);
    expect(await service.ask('GET', read, { token })).toMatchObject({ status: 401, body: { message: 'the token was revoked' } });
  });

  it('refuses all tokens of a subject that were issued before, and no later ones', async () => {
    const now = Math.floor(Date.now() / 1000);
    const old = service.token('viewer', { sub: 'eve', iat: now - 10 });
    const { body } = await revoke({ subject: 'eve' });
    expect(body).toMatchObject({ subject: 'eve' });
    const later = service.token('viewer', { sub: 'eve', iat: Math.ceil(Date.parse(String(body['revokedAt'])) / 1000) });
    expect([await statusWith(old), await statusWith(later)]).toEqual([401, 404]);
  });

  it('ends at its time', async () => {
    const token = service.token('viewer', { jti: 'for a moment' });
    // Again where the machine is so busy that its time is over before anybody asks.
    await eventually(async () => {
      const expiresAt = new Date(Date.now() + 1_000).toISOString();
      expect((await revoke({ tokenId: 'for a moment', expiresAt })).body).toMatchObject({ expiresAt });
      expect(await statusWith(token)).toBe(401);
    });
    await eventually(async () => expect(await statusWith(token)).toBe(404));
  });

  it('lists what is in force, in pages', async () => {
    for (let n = 0; n < 5; n += 1) await revoke({ tokenId: `page ${n}` });
    const seen: unknown[] = [];
    let pages = 0;
    for (let next: string | undefined = `${URL_}?limit=2`; next !== undefined; pages += 1) {
      const { status, body, headers } = await service.ask('GET', next, { token: admin });
      expect(status).toBe(200);
      seen.push(...(body['revocations'] as { tokenId: string }[]).map(({ tokenId }) => tokenId));
      next = /^<(.+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
      expect(body['hasMore']).toBe(next !== undefined);
    }
    expect(pages).toBe(Math.ceil(seen.length / 2));
    expect(seen.slice(-5)).toEqual([0, 1, 2, 3, 4].map((n) => `page ${n}`));
    expect(seen).not.toContain('for a moment');
  });

  it.each([
    [{}], [{ tokenId: 'a', subject: 'b' }], [{ tokenId: '' }], [{ subject: 7 }], [{ tokenId: 'a\nb' }], [[]], [undefined],
    [{ tokenId: 'a', expiresAt: 'soon' }], [{ tokenId: 'a', expiresAt: '2020-01-01T00:00:00Z' }], [{ tokenId: 'a', more: 1 }],
    [{ tokenId: 'a', reason: 'x'.repeat(501) }], [{ tokenId: 'x'.repeat(256) }],
  ])('answers 400 to %j', async (body) => {
    expect(await revoke(body)).toMatchObject({ status: 400, body: { error: 'VALIDATION_ERROR' } });
  });

  it.each([['GET', '?limit=0'], ['GET', '?limit=1001'], ['GET', '?cursor=xyz'], ['GET', '?x=1'], ['DELETE', '/7']])(
    'answers 400 to %s %s', async (method, rest) => {
      expect(await service.ask(method, `${URL_}${rest}`, { token: admin })).toMatchObject({ status: 400, body: { error: 'VALIDATION_ERROR' } });
    });
});

describe('revocation over two instances', () => {
  it('holds on the other one within about a second', async () => {
    const service = await startService();
    const config = readConfig({ LOG_LEVEL: 'silent', DATABASE_URL: service.db.url, JWT_SECRET: service.secret, PORT: '0' });
    const other = await createApp({
      ...config, databaseUrl: service.db.url, jwtKey: { kind: 'secret', secret: service.secret },
    }, new Lifecycle());
    try {
      await other.listen(0, '127.0.0.1');
      const token = service.token('viewer', { jti: 'shared' });
      const ask = async () => (await fetch(`${await other.getUrl()}${fresh().state}`, { headers: { authorization: `Bearer ${token}` } })).status;
      expect(await ask()).toBe(404);
      await service.ask('POST', URL_, { token: service.token('operator'), body: { tokenId: 'shared' } });
      await eventually(async () => expect(await ask()).toBe(401));
    } finally {
      await other.close();
      await service.stop();
    }
  });
});
