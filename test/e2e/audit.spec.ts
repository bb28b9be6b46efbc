import { randomUUID } from 'node:crypto';
import { eventually } from '@app/testing';
import { fresh, type Service, startService } from './support/service.js';
import { EventSourceClient } from './support/event-source-client.js';
import { WebSocketClient } from './support/web-socket-client.js';

interface Entry {
  readonly kind: string;
  readonly outcome: string;
  readonly action: string;
  readonly count: number;
  readonly [field: string]: unknown;
}

const SECRETS = ['a-hushed-word', 'hush-hush'];
const TRACE = '0af7651916cd43dd8448eb211c80319c';

describe('the audit log over HTTP', () => {
  let service: Service;
  let operator: string;
  beforeAll(async () => {
    service = await startService();
    operator = service.token('operator', { sub: 'olga' });
  });
  afterAll(async () => {
    await service.stop();
  });

  const audit = async (query: string, token = operator): Promise<Entry[]> => {
    const { status, body, text } = await service.ask('GET', `/api/v1/audit${query}`, { token });
    expect([status, status === 200 ? '' : text]).toEqual([200, '']);
    return body['entries'] as Entry[];
  };
  /** The one entry that such a query finds. */
  const one = (query: string): Promise<Entry> => eventually(async () => {
    const found = await audit(query);
    expect(found).toHaveLength(1);
    return found[0]!;
  });

  it('shows an accepted command as the event it became, written nowhere else', async () => {
    const { id, state } = fresh();
    const answer = await service.ask('PUT', state, {
      body: { changes: { gold: 5, apiKey: SECRETS[0] }, expectedVersion: 0 }, token: service.token('service', { sub: 'shop' }),
      headers: { traceparent: `00-${TRACE}-b7ad6b7169203331-01` },
    });
    expect(answer.status).toBe(200);
    expect(await audit('?actor=shop')).toEqual([{
      id: expect.any(String), at: answer.body['timestamp'], kind: 'command', actor: 'shop', action: 'StateUpdated', outcome: 'accepted', traceId: TRACE, count: 1,
      target: { aggregateType: 'player', aggregateId: id, version: 1, correlationId: expect.any(String) },
      parameters: expect.objectContaining({ apiKey: '[redacted]' }),
    }]);
    expect((await service.db.pool.query("SELECT FROM global_state.audit_entries WHERE actor = 'shop'")).rowCount).toBe(0);
  });

  it('shows what an event did where that is not what it said', async () => {
    const { id } = fresh();
    const sly = service.token('service', { sub: 'sly' });
    for (const said of [
      { eventData: { note: 'nothing to see' }, stateChanges: { gold: 1_000_000, apiKey: SECRETS[0] } },
      { eventData: { gold: { $inc: 5 } } }, { eventData: { title: 'Sir' } },
    ]) {
      const { status } = await service.ask('POST', '/api/v1/events', { body: { eventType: 'X', aggregateType: 'player', aggregateId: id, ...said }, token: sly });
      expect(status).toBe(201);
    }
    expect((await audit('?actor=sly')).map(({ parameters, changes }) => ({ parameters, changes }))).toEqual([
      { parameters: { title: 'Sir' } },
      { parameters: { gold: { $inc: 5 } }, changes: { gold: 1_000_005 } },
      { parameters: { note: 'nothing to see' }, changes: { gold: 1_000_000, apiKey: '[redacted]' } },
    ]);
  });

  it('has what is forbidden, and what breaks a rule, with what was asked', async () => {
    const { id, state } = fresh('guild');
    const viewer = service.token('viewer', { sub: 'eve' });
    const body = { changes: { gold: 1, password: SECRETS[0] }, expectedVersion: 0 };
    expect((await service.ask('PUT', state, { body, token: viewer, headers: { 'x-request-id': 'r-1', traceparent: `00-${TRACE}-b7ad6b7169203331-01` } })).status).toBe(403);
    expect(await one('?actor=eve')).toEqual({
      id: expect.any(String), at: expect.any(String), kind: 'refusal', actor: 'eve', action: 'updateAggregateState', outcome: 'refused', status: 403,
      error: 'FORBIDDEN', reason: expect.stringContaining('write'), traceId: TRACE, requestId: 'r-1', address: '127.0.0.1', count: 1,
      target: { aggregateType: 'guild', aggregateId: id }, parameters: { body: { changes: { gold: 1, password: '[redacted]' }, expectedVersion: 0 } },
    });
    const rich = service.token('service', { sub: 'rick' });
    expect((await service.ask('PUT', fresh().state, { body: { changes: { gold: -1 }, expectedVersion: 0 }, token: rich })).status).toBe(422);
    expect(await one('?actor=rick')).toMatchObject({ kind: 'refusal', status: 422, error: 'RULE_VIOLATION' });
    expect(await audit('?actor=rick&outcome=accepted')).toEqual([]);
  });

  it('has each refused one of many, which the answer to all of them hides', async () => {
    const token = service.token('service', { sub: 'bulk', aggregateTypes: ['guild'] });
    const event = (aggregateType: string) => ({ eventType: 'X', aggregateType, aggregateId: randomUUID(), eventData: { sessionToken: SECRETS[1] } });
    const events = [event('guild'), event('player')];
    expect((await service.ask('POST', '/api/v1/events/batch', { token, body: { events } })).body).toMatchObject({ accepted: 1, refused: 1 });
    const target = { aggregateType: 'player', aggregateId: events[1]!.aggregateId };
    expect(await one('?actor=bulk&kind=refusal')).toMatchObject({ action: 'publishEventBatch', status: 403, target, parameters: { item: { eventData: { sessionToken: '[redacted]' } } } });
    const lines = events.map((each) => JSON.stringify({ ...each, aggregateId: randomUUID() })).join('\n');
    const upload = await fetch(`${service.url}/api/v1/events/batch`, {
      method: 'POST', body: lines, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    });
    expect(await upload.text()).toContain('"done":true,"accepted":1,"refused":1');
    await eventually(async () => expect(await audit('?actor=bulk&kind=refusal')).toHaveLength(2));
  });

  it('has who could not log in, by the traces of his token and never by the token', async () => {
    const forged = `${service.token('admin').slice(0, -8)}forgedxx`;
    const { state } = fresh('world');
    expect((await service.ask('GET', `${state}?ticket=${SECRETS[0]}`, { token: forged })).status).toBe(401);
    const entry = await one('?kind=authentication&aggregateType=world');
    expect(entry).toMatchObject({
      action: 'getAggregateState', outcome: 'refused', status: 401, error: 'UNAUTHENTICATED', reason: "the token's signature is wrong", address: '127.0.0.1',
      parameters: { credential: expect.stringMatching(/^sha256:[0-9a-f]{12}$/) },
    });
    expect(entry).not.toHaveProperty('actor');
    await service.ask('GET', fresh('combat').state, { token: null });
    expect(await one('?kind=authentication&aggregateType=combat')).toMatchObject({ reason: expect.stringContaining('missing') });
    SECRETS.push(forged, forged.slice(-20));
  });

  it('has what is refused to streams', async () => {
    const id = randomUUID();
    const player = service.token('player', { sub: 'pia', playerId: id });
    const upgrade = (path: string, token: string): Promise<unknown> => WebSocketClient.open(service.url, { path, token }).then(() => 'in', (error: unknown) => error);
    expect(await upgrade('/ws', 'no.such.token')).not.toBe('in');
    expect(await upgrade(`/ws/player/${randomUUID()}`, player)).not.toBe('in');
    const client = await WebSocketClient.open(service.url, { token: player });
    client.say({ action: 'subscribe', channel: 'guild/*' });
    await client.until('ERROR');
    await client.hangUp();
    const found = await eventually(async () => {
      const entries = await audit('?actor=pia');
      expect(entries).toHaveLength(2);
      return entries;
    });
    expect(found).toEqual([
      expect.objectContaining({ kind: 'refusal', action: 'subscribeChannel', status: 403, parameters: { channel: 'guild/*' } }),
      expect.objectContaining({ kind: 'refusal', action: 'openStream', status: 403, address: '127.0.0.1' }),
    ]);
    await eventually(async () => expect((await audit('?kind=authentication')).filter(({ action }) => action === 'openStream')).toEqual([
      expect.objectContaining({ status: 401, parameters: { path: '/ws', credential: expect.any(String) } }),
    ]));
    await expect(EventSourceClient.open(service.url, 'channel=guild/*', { token: player })).rejects.toThrow('403');
    await eventually(async () => expect((await audit('?actor=pia')).filter(({ action }) => action === 'streamChannel')).toHaveLength(1));
  });

  it('has too many requests', async () => {
    const limited = await startService({ RATE_LIMIT_PER_MINUTE: '3' });
    try {
      const token = limited.token('viewer', { sub: 'flood' });
      const answers = await Promise.all(Array.from({ length: 20 }, () => limited.ask('GET', fresh('economy').state, { token })));
      const refused = answers.filter(({ status }) => status === 429).length;
      expect(refused).toBeGreaterThan(0);
      await eventually(async () => expect((await limited.db.pool.query('SELECT kind, actor, status, error, action FROM global_state.audit_entries')).rows).toEqual(
        Array.from({ length: refused }, () => ({ kind: 'refusal', actor: 'flood', status: 429, error: 'RATE_LIMITED', action: 'getAggregateState' }))));
    } finally {
      await limited.stop();
    }
  });

  it('has what an operator did, as begun before and with its end before the answer', async () => {
    const { id } = fresh();
    for (const gold of [1, 2]) {
      await service.ask('POST', '/api/v1/events', { body: { eventType: 'X', aggregateType: 'player', aggregateId: id, eventData: { gold } } });
    }
    const omar = service.token('operator', { sub: 'omar' });
    const headers = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };
    const post = (path: string, body: object) => service.ask('POST', `/api/v1${path}`, { body, token: omar, headers });
    const scope = { aggregate: { aggregateType: 'player', aggregateId: id, toVersion: 1 } };
    const { body: { rollbackId } } = await post('/rollbacks', { scope });
    expect(await audit('?actor=omar')).toEqual([expect.objectContaining({
      kind: 'rollback', action: 'previewRollback', outcome: 'accepted', status: 201, target: { rollbackId }, parameters: { body: { scope } },
    })]);
    expect((await post(`/rollbacks/${String(rollbackId)}/execute`, { reason: 'why', confirm: '7' })).status).toBe(400);
    expect((await audit('?actor=omar&outcome=refused'))).toEqual([expect.objectContaining({
      action: 'executeRollback', status: 400, error: 'VALIDATION_ERROR', target: { rollbackId }, parameters: { body: { reason: 'why', confirm: '7' } },
    })]);
    expect((await post(`/rollbacks/${String(rollbackId)}/execute`, { reason: 'why', confirm: '1' })).status).toBe(200);
    expect((await audit('?actor=omar')).map(({ kind, action }) => [kind, action])).toEqual([
      ['command', 'StateRolledBack'], ['rollback', 'executeRollback'], ['rollback', 'executeRollback'], ['rollback', 'previewRollback'],
    ].sort((a, b) => (a[0] === 'command' ? 0 : 1) - (b[0] === 'command' ? 0 : 1)));
    expect(new Set((await audit('?actor=omar')).map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    const { body: revocation } = await post('/tokens/revocations', { tokenId: SECRETS[1], reason: 'lost' });
    expect((await service.ask('DELETE', `/api/v1/tokens/revocations/${String(revocation['id'])}`, { token: omar })).status).toBe(204);
    expect(await audit('?actor=omar&kind=administration')).toEqual([
      expect.objectContaining({ action: 'liftTokenRevocation', status: 204, outcome: 'accepted', target: { id: revocation['id'] } }),
      expect.objectContaining({ action: 'revokeTokens', status: 201, target: { id: revocation['id'] }, parameters: { body: { tokenId: '[redacted]', reason: 'lost' } } }),
    ]);
  });

  it('does nothing that cannot be written down, and says so where only the end cannot', async () => {
    const oona = service.token('operator', { sub: 'oona' });
    const revoke = (tokenId: string) => service.ask('POST', '/api/v1/tokens/revocations', { body: { tokenId }, token: oona });
    const isRevoked = async (tokenId: string) => (await service.db.pool.query('SELECT FROM global_state.token_revocations WHERE name = $1', [tokenId])).rowCount === 1;
    const failing = (phases: string) => service.db.pool.query(`
      CREATE OR REPLACE FUNCTION global_state.spec_fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
      CREATE TRIGGER spec_fails BEFORE INSERT ON global_state.audit_entries FOR EACH ROW WHEN (NEW.phase IN (${phases})) EXECUTE FUNCTION global_state.spec_fails()`);
    const healed = () => service.db.pool.query('DROP TRIGGER spec_fails ON global_state.audit_entries');
    await failing('0');
    expect(await revoke('untold')).toMatchObject({ status: 503, body: { error: 'SERVICE_UNAVAILABLE', message: expect.stringContaining('nothing was done') } });
    await healed();
    expect(await isRevoked('untold')).toBe(false);
    await failing('1');
    const half = await revoke('half told');
    expect(half).toMatchObject({ status: 503, body: { message: expect.stringContaining('carried out'), details: { status: 201 } } });
    expect(half.headers.get('retry-after')).toBe('1');
    await healed();
    expect(await isRevoked('half told')).toBe(true);
    expect(await audit('?actor=oona')).toEqual([expect.objectContaining({ outcome: 'begun', action: 'revokeTokens' })]);
  });

  it('pages through all of it by the header Link', async () => {
    const whole = await audit('?limit=1000');
    const seen: Entry[] = [];
    for (let next: string | undefined = '/api/v1/audit?limit=7'; next;) {
      const { body, headers } = await service.ask('GET', next, { token: operator });
      seen.push(...body['entries'] as Entry[]);
      next = /<([^>]+)>/.exec(headers.get('link') ?? '')?.[1];
      expect(body['hasMore']).toBe(next !== undefined);
    }
    expect(seen).toEqual(whole);
    const times = seen.map(({ at }) => String(at));
    expect(times).toEqual([...times].sort().reverse());
    expect(await audit(`?to=${String(times.at(-1))}`)).toEqual([]);
    expect((await audit(`?from=${String(times[0])}`)).length).toBeGreaterThan(0);
  });

  it('holds nothing secret', async () => {
    const { rows } = await service.db.pool.query<{ text: string }>('SELECT e::text AS text FROM global_state.audit_entries AS e');
    const all = [...rows.map(({ text }) => text), JSON.stringify(await audit('?limit=1000'))].join('\n');
    expect(rows.length).toBeGreaterThan(10);
    for (const secret of [...SECRETS, operator, operator.slice(-20)]) expect(all).not.toContain(secret);
  });

  it('shows a token that is limited to some types no others', async () => {
    const guilds = service.token('operator', { aggregateTypes: ['guild'] });
    const ask = (query: string) => service.ask('GET', `/api/v1/audit${query}`, { token: guilds }).then(({ status }) => status);
    expect([await ask(''), await ask('?aggregateType=player'), await ask('?aggregateType=guild')]).toEqual([403, 403, 200]);
  });

  it.each(['?kind=x', '?limit=0', '?limit=1001', '?from=yesterday', '?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', '?cursor=x', '?x=1',
    `?aggregateId=${randomUUID()}`, '?actor=', '?outcome=x'])('refuses %s with 400', async (query) => {
    expect(await service.ask('GET', `/api/v1/audit${query}`, { token: operator })).toMatchObject({ status: 400, body: { error: 'VALIDATION_ERROR' } });
  });
});
